import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { processTerminal } from "../../cli/terminal/terminal.ts";
import { delivered, opened, rangeOf, retried } from "./events-in-tests.ts";
import { startTelemetry, type Telemetry } from "./telemetry.ts";

beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2026, 10, 30, 12) }));
let telemetry: Telemetry;
afterEach(() => {
  telemetry.close();
  vi.useRealTimers();
});

/** All that is written, in its order: lines of the log, and what is drawn with its control characters. */
async function start(isTty: boolean, level: "info" | "warn"): Promise<string[]> {
  const written: string[] = [];
  const screen = { isTTY: isTty, columns: 60, write: (text: string) => void written.push(text) };
  const print = (line: string) => void written.push(line);
  const settings = {
    group: "g",
    from: "earliest",
    log: { level },
    http: { host: "127.0.0.1", port: 0 },
  };
  telemetry = await startTelemetry(settings, { ...processTerminal(), print, screen, isTty, now: Date.now });
  return written;
}

it("on a terminal the status is drawn every second, and lines of the log are written above it", async () => {
  const written = await start(true, "warn");
  telemetry.emit(opened(rangeOf()));
  vi.advanceTimersByTime(1_000);
  telemetry.emit(retried);
  expect(written).toEqual([
    expect.stringContaining("\rdelivering  0 records/s  "),
    "\r\u001b[K",
    expect.stringMatching(/^2026-11-30T12:00:01.000Z warn .*waiting for Concord/),
  ]);
});

it("elsewhere the status is a line of the log every ten seconds", async () => {
  const written = await start(false, "info");
  telemetry.emit(opened(rangeOf()));
  telemetry.emit(delivered({ accepted: 50 }));
  vi.advanceTimersByTime(20_000);
  const statuses = written.map((line) => JSON.parse(line)).filter(({ event }) => event === "bridge.status");
  expect(statuses.map((each) => [each.state, each.accepted, each["records.per_second"]])).toEqual([
    ["delivering", 50, 5],
    ["delivering", 50, 0],
  ]);
});

it("text of a topic's name or of an error cannot move the cursor of a terminal", async () => {
  const written = await start(true, "warn");
  telemetry.emit({ kind: "commit.failed", message: "a\u001b[2Jb" });
  expect(written.join("")).not.toContain("\u001b[2J");
});
