import { beforeEach, describe, expect, it } from "vitest";
import { LIMITS } from "#queue/limits.ts";
import { type DryRunReport, dryRun, forDryRun } from "./dry-run.ts";
import { problemOf, reportLines } from "./dry-run-lines.ts";
import type { BridgeEvent } from "./events.ts";
import { FakeSource } from "./fake-source.ts";
import type { KafkaRecord } from "./kafka-record.ts";
import { sourceSettings } from "./settings/assemble.ts";
import { loadSettings } from "./settings/load.ts";
import { StopError } from "./source.ts";

const TOPIC = "device.ecobee.status.reported";
const GOOD = '{"eventId":"e-1","occurredAt":"2026-11-01T08:00:00Z","deviceId":"t-1","data":{"online":true}}';

let source: FakeSource;
let events: BridgeEvent[];
beforeEach(() => {
  [source, events] = [new FakeSource(), []];
});

const add = (offset: number, value: string | Buffer | null, more: Partial<KafkaRecord> = {}) =>
  source.add({
    ...{ topic: TOPIC, partition: 0, offset, timestampMs: 1_000, key: Buffer.from("t-1"), headers: [] },
    value: typeof value === "string" ? Buffer.from(value) : value,
    ...more,
  });

function run(decode = async (records: readonly KafkaRecord[]) => records, giveUpMs = 15_000): Promise<DryRunReport> {
  const emit = (event: BridgeEvent) => void events.push(event);
  return dryRun({ source, decode, emit, now: Date.now, giveUpMs }, new AbortController().signal);
}

describe("a dry run", () => {
  it("counts by topic what the boundary would accept, and what not by reason with the first place", async () => {
    add(0, GOOD);
    add(1, "no JSON");
    add(2, GOOD.replace("true", '"yes"'));
    add(3, "still none");
    add(4, Buffer.from([0xff, 0xfe]));
    add(5, null);
    add(6, "x".repeat(LIMITS.recordBytes + 1));
    add(7, GOOD, { headers: Array.from({ length: 65 }, () => ["h", Buffer.from("v")] as const) });
    add(0, null, { topic: "device.elt.registration.created", key: Buffer.from("t-9") });
    const { isComplete, topics } = await run();
    expect(isComplete).toBe(true);
    expect(topics).toEqual([
      {
        topic: TOPIC,
        records: 8,
        accepted: 1,
        deadLetters: [
          { reason: "not_json", count: 3, first: { partition: 0, offset: 1, issue: "The value is not JSON." } },
          { reason: "schema_mismatch", count: 1, first: expect.objectContaining({ offset: 2 }) },
          { reason: "empty_value", count: 1, first: expect.objectContaining({ offset: 5 }) },
          { reason: "too_large", count: 1, first: expect.objectContaining({ offset: 6 }) },
          { reason: "too_many_headers", count: 1, first: expect.objectContaining({ offset: 7 }) },
        ],
      },
      { topic: "device.elt.registration.created", records: 1, accepted: 1, deadLetters: [] },
    ]);
  });

  it("commits nothing, and leaves the group", async () => {
    add(0, GOOD);
    await run();
    expect([source.commits, source.closed, source.isClosed]).toEqual([[], 1, true]);
  });

  it("joins by a group of its own", () => {
    const env = { CONCORD_URL: "http://x", CONCORD_CREDENTIAL: "a:b", CONCORD_BRIDGE_BROKERS: "k:1" };
    const settings = sourceSettings(loadSettings({ flags: { group: "mine" }, env }));
    const groups = [forDryRun(settings), forDryRun(settings)].map(({ settings: { group } }) => group);
    expect(groups[0]).toMatch(/^mine-dry-run-[0-9a-f]{8}$/);
    expect(groups[0]).not.toBe(groups[1]);
  });

  it("counts a record once that comes again in another session", async () => {
    for (let offset = 0; offset < 9; offset++) add(offset, GOOD);
    let batches = 0;
    const { topics } = await run(async (records) => {
      if (++batches === 2) source.endSession("a rebalance");
      return records;
    });
    expect([topics[0]?.records, source.opened]).toEqual([9, 2]);
  });

  it("goes on after a session that failed", async () => {
    add(0, GOOD);
    source.openFailures.push(new Error("ECONNREFUSED"));
    expect((await run()).topics[0]?.records).toBe(1);
    expect(events[0]).toMatchObject({ kind: "session.ended", reason: "ECONNREFUSED" });
  });

  it("ends by itself when the source stays out of reach, and keeps what was read", async () => {
    for (let offset = 0; offset < 4; offset++) add(offset, GOOD);
    const report = await run(async (records) => {
      if (records[0]?.offset === 0) return records;
      throw new Error("the registry is gone");
    }, 0);
    expect(report).toMatchObject({ isComplete: false, failure: "the registry is gone", topics: [{ records: 3 }] });
    expect(source.isClosed).toBe(true);
  });

  it("says why nothing was read when it is ended while it tries", async () => {
    source.openFailures.push(new Error("ECONNREFUSED"));
    const stopping = new AbortController();
    const emit = () => stopping.abort();
    const report = await dryRun({ source, decode: async (all) => all, emit, now: Date.now }, stopping.signal);
    expect(report).toEqual({ isComplete: false, topics: [], failure: "ECONNREFUSED" });
  });

  it("ends at the marks that partitions had at its start", async () => {
    add(0, GOOD);
    const { open } = source;
    source.open = async () => {
      const session = await open();
      const ranges = await session.partitions();
      add(1, GOOD);
      return { ...session, partitions: async () => ranges };
    };
    expect((await run()).topics[0]?.records).toBe(1);
  });

  it("checks what the schema registry makes of a record", async () => {
    add(0, Buffer.from([0, 0, 0, 0, 1]));
    const { topics } = await run(async (records) => records.map((each) => ({ ...each, value: Buffer.from(GOOD) })));
    expect(topics[0]).toMatchObject({ records: 1, accepted: 1 });
  });

  it("asks for no batch whose failure at the end of the session nobody would see", async () => {
    add(0, GOOD);
    const { open } = source;
    let asked = 0;
    source.open = async () => {
      const session = await open();
      const batch = source.logs.get(`${TOPIC}-0`) ?? [];
      const next = async () =>
        asked++ === 0 ? { done: false as const, value: batch } : Promise.reject(new Error("closed"));
      return { ...session, records: { [Symbol.asyncIterator]: () => ({ next }) } };
    };
    expect((await run()).isComplete).toBe(true);
    expect(asked).toBe(1);
  });

  it("stops at a topic whose name Concord takes from nobody", async () => {
    add(0, GOOD, { topic: "orders" });
    await expect(run()).rejects.toThrow(StopError);
    expect(source.isClosed).toBe(true);
  });
});

it("its report for people names the first record of each reason, and that nothing was sent", () => {
  const first = { partition: 2, offset: 7, issue: "The value is not JSON." };
  const topics = [
    { topic: "a", records: 12_000, accepted: 11_998, deadLetters: [{ reason: "not_json" as const, count: 2, first }] },
    { topic: "b", records: 0, accepted: 0, deadLetters: [] },
  ];
  expect(reportLines({ isComplete: true, topics })).toEqual([
    "a: 12,000 read, 11,998 would be accepted, 2 would become dead letters",
    "  not_json: 2, the first at a-2 offset 7: The value is not JSON.",
    "b: 0 read, 0 would be accepted",
    "Nothing was sent, and nothing was committed.",
  ]);
  expect(reportLines({ isComplete: false, topics: [] })).toContainEqual(
    expect.stringContaining("Not everything was read"),
  );
});

it("its report says what kept it from checking everything: a source out of reach, or no topic", () => {
  const report = { isComplete: false, topics: [] };
  expect(problemOf({ ...report, failure: "Kafka is not reached" })).toMatch(/^Kafka is not reached\..*--brokers/);
  expect(problemOf(report)).toMatch(/^no topic was found/);
  expect(problemOf({ isComplete: true, topics: [{ topic: "a", records: 0, accepted: 0, deadLetters: [] }] })).toBe(
    undefined,
  );
});
