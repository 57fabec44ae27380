import { beforeEach, describe, expect, it } from "vitest";
import type { BridgeEvent } from "../events.ts";
import { delivered, EVERY, opened, rangeOf, retried, TOPIC } from "./events-in-tests.ts";
import { Logger, type LoggerSettings } from "./logger.ts";

let nowMs: number;
let lines: string[];
beforeEach(() => {
  [nowMs, lines] = [Date.UTC(2026, 10, 30, 12), []];
});
const write = (line: string) => void lines.push(line);
const logger = (settings: Partial<LoggerSettings> = {}) =>
  new Logger(
    { format: "json", level: "info", group: "g", ...settings },
    { line: write, json: write, now: () => nowMs },
  );
const entries = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);

describe("the log", () => {
  it("has a line of JSON for each event that is worth one, with OpenTelemetry's names", () => {
    const log = logger({ level: "debug" });
    for (const event of EVERY) log.on(event);
    const silent = ["consumed", "buffered", "lag"];
    expect(entries().map(({ event }) => event)).toEqual(
      EVERY.filter(({ kind }) => !silent.includes(kind)).map(
        ({ kind }) => `bridge.${kind.replace("delivery.r", "delivery_r").replaceAll(".", "_")}`,
      ),
    );
    expect(entries().find(({ event }) => event === "bridge.record_refused")).toEqual({
      time: "2026-11-30T12:00:00.000Z",
      level: "error",
      event: "bridge.record_refused",
      message: `${TOPIC}-0 offset 1: Concord refuses the record (400: odd); what identifies it is sent in its place`,
      "messaging.system": "kafka",
      "messaging.consumer.group.name": "g",
      "messaging.destination.name": TOPIC,
      "messaging.destination.partition.id": "0",
      "kafka.offset": 1,
      "http.response.status_code": 400,
      "error.message": "odd",
    });
  });

  it("holds nothing of any record", () => {
    const log = logger({ level: "debug" });
    for (const event of EVERY) log.on(event);
    expect(lines.join("\n")).not.toMatch(/s3cret|czNjcmV0/);
  });

  it.each([
    ["retention", "error"],
    ["unknown", "warn"],
    ["compaction or transactions", "debug"],
  ] as const)("reports a gap by %s at level %s", (cause, level) => {
    logger({ level: "debug" }).on({ kind: "gap", topic: TOPIC, partition: 0, from: 2, to: 5, cause });
    expect(entries()).toEqual([expect.objectContaining({ level, "kafka.offset": 2, "gap.to": 5 })]);
  });

  it("reports delivered records only where some became dead letters, below the level of debug", () => {
    const log = logger();
    log.on(delivered());
    log.on(delivered({ deadLettered: 2 }));
    expect(entries()).toEqual([expect.objectContaining({ level: "warn", dead_lettered: 2 })]);
  });

  it("has one line in ten seconds for what comes again and again, and says how many had none", () => {
    const log = logger();
    for (let i = 0; i < 5; i++) log.on(retried);
    log.on({ ...retried, topic: "other" } as BridgeEvent);
    nowMs += 10_000;
    log.on(retried);
    nowMs += 10_000;
    log.on(retried);
    expect(entries().map(({ suppressed }) => suppressed)).toEqual([undefined, undefined, 4, undefined]);
  });

  it("is text for people where that is asked for", () => {
    logger({ format: "text" }).on(retried);
    expect(lines).toEqual([`2026-11-30T12:00:00.000Z warn  ${TOPIC}: waiting for Concord (503: full), again in 0.5 s`]);
  });

  it("names no more than twenty partitions in a line", () => {
    logger({ format: "text" }).on(opened(...Array.from({ length: 30 }, (_, partition) => rangeOf({ partition }))));
    expect(lines[0]).toMatch(/30 partitions assigned: .*-19, …$/);
  });
});
