import { afterEach, describe, expect, it, vi } from "vitest";
import type { StreamRow } from "#archive/stream/stream-row.ts";
import { parseRecord } from "#contracts/parse.ts";
import { jsonBytes } from "#json/pack.ts";
import { anEvent, LATER_MS } from "#testing/builders.ts";
import type { Ending, EventArrival } from "./ending.ts";
import { type Stream, streamSettled } from "./stream.ts";

const NOW_MS = LATER_MS + 60_000;

function arrivalOf(n: number, text = "fan"): EventArrival {
  const { topic, key, value } = anEvent("device.elt.status.reported", {
    deviceId: `t-${n}`,
    data: { equipment: [text] },
  });
  const parsed = parseRecord({ topic, value }, NOW_MS);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.rejection));
  const record = { topic, key, value, receivedAtMs: NOW_MS - 10, receipt: `p.${n}` };
  const parcel = { kind: "parcel" as const, records: [record] };
  return { kind: "event", event: parsed.event, message: 0, deliveries: 1, parcel, record };
}

const merged = (n: number, text?: string): Ending => ({
  ...{ arrival: arrivalOf(n, text), kind: "merged", outcome: "applied" },
});

class Kept implements Stream {
  readonly calls: StreamRow[][] = [];
  async send(rows: StreamRow[]): Promise<void> {
    this.calls.push(rows);
  }
}

afterEach(() => void vi.useRealTimers());

describe("the stream of analysts' tables", () => {
  it("gets each merged record once, and nothing that went back to the queue or is a dead letter", async () => {
    const stream = new Kept();
    const endings: Ending[] = [
      merged(1),
      { arrival: arrivalOf(2), kind: "deferred" },
      { arrival: arrivalOf(3), kind: "retried" },
      { arrival: arrivalOf(4), kind: "deadLettered", failure: { reason: "empty_value" } },
      merged(5),
    ];
    await streamSettled(stream, endings, NOW_MS);
    expect(stream.calls.flat().map(({ receipt, outcome }) => [receipt, outcome])).toEqual([
      ["p.1", "applied"],
      ["p.5", "applied"],
    ]);
  });

  it("gets a large batch in requests of less than a megabyte, in order", async () => {
    const stream = new Kept();
    const endings = Array.from({ length: 20 }, (_, n) => merged(n));
    const large = endings.map((ending) => {
      if (ending.kind !== "merged") return ending;
      const event = { ...ending.arrival.event, data: { online: true, mode: "x".repeat(60_000) } };
      return { ...ending, arrival: { ...ending.arrival, event } };
    });
    await streamSettled(stream, large, NOW_MS);
    expect(stream.calls.length).toBeGreaterThan(2);
    for (const rows of stream.calls) expect(jsonBytes(rows)).toBeLessThan(1_000_000);
    expect(stream.calls.flat().map(({ receipt }) => receipt)).toEqual(endings.map((_, n) => `p.${n}`));
  });

  it("is not called for a batch without a merged record", async () => {
    const stream = new Kept();
    await streamSettled(stream, [{ arrival: arrivalOf(1), kind: "deferred" }], NOW_MS);
    expect(stream.calls).toEqual([]);
  });

  it("that refuses rows costs a line in the log, and no more", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const stream = { send: () => Promise.reject(new Error("the stream is gone")) };
    await expect(streamSettled(stream, [merged(1), merged(2)], NOW_MS)).resolves.toBeUndefined();
    expect(JSON.stringify(warn.mock.calls)).toMatch(/stream\.not_sent.*2/);
    warn.mockRestore();
  });

  it("that does not answer is given up", async () => {
    vi.useFakeTimers();
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const sent = streamSettled({ send: () => new Promise(() => {}) }, [merged(1)], NOW_MS);
    await vi.advanceTimersByTimeAsync(10_001);
    await expect(sent).resolves.toBeUndefined();
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
  });
});
