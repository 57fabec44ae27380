import { describe, expect, it } from "vitest";
import { archivedSourceOf, BUCKETS, bucketOf, dayFileKey, manifestKey, parseRawKey, rawKeyOf } from "./names.ts";
import type { ArchivedRecord } from "./record.ts";

const RECEIVED_AT_MS = Date.UTC(2026, 10, 23, 23, 59, 59, 999);
const record = (n: number, more: Partial<ArchivedRecord> = {}): ArchivedRecord => ({
  receipt: `p.${n}`,
  topic: "device.elt.status.reported",
  key: "t-1",
  value: `{"n":${n}}`,
  receivedAtMs: RECEIVED_AT_MS,
  contractVersion: 1,
  outcome: "applied",
  settledAtMs: RECEIVED_AT_MS + 10,
  deviceKey: "elt:t-1",
  version: null,
  ...more,
});

describe("the name of a raw object", () => {
  it("has the day and the hour at which its records were received, and says so again", async () => {
    const key = await rawKeyOf([record(1)]);
    expect(key).toMatch(/^events\/2026-11-23\/23\/[0-9a-f]{32}\.ndjson\.gz$/);
    expect(parseRawKey(key)).toMatchObject({ day: "2026-11-23", hour: "23" });
    expect(parseRawKey(`x${key}`)).toBeUndefined();
  });

  it("is the same for the same records, in any order and whatever they changed", async () => {
    const key = await rawKeyOf([record(1), record(2)]);
    expect(await rawKeyOf([record(2), record(1)])).toBe(key);
    const again = { outcome: "duplicate", settledAtMs: 9, version: null, deviceKey: null } as const;
    expect(await rawKeyOf([record(1, again), record(2, again)])).toBe(key);
  });

  it("is another for any other records, and for one that was a dead letter the first time", async () => {
    const keys = await Promise.all(
      [
        [record(1)],
        [record(2)],
        [record(1), record(2)],
        [record(1, { receipt: "q.1" })],
        [record(1, { key: null })],
        [record(1, { encoding: "base64" })],
        [record(1, { keyEncoding: "base64" })],
        [record(1, { timestampMs: 1 })],
        [record(1, { letterId: "l" })],
        [record(1, { outcome: "deadLettered" })],
        [record(1, { headers: [["a", "Yg=="]] })],
      ].map(rawKeyOf),
    );
    expect(new Set(keys).size).toBe(keys.length);
  });
});

it("a day's files are named by source and topic, as engines read partitions", () => {
  expect(dayFileKey("2026-11-23", "device.elt.status.reported", "ab")).toBe(
    "days/day=2026-11-23/source=elt/topic=device.elt.status.reported/ab.parquet",
  );
  expect(manifestKey("2026-11-23")).toBe("days/day=2026-11-23/manifest.json");
});

it("a topic of any text has a name that is no path and fits", () => {
  for (const topic of ["a/b=c", "\ud800", "ü".repeat(5_000), ""]) {
    expect(archivedSourceOf(topic)).toBe("unknown");
    const key = dayFileKey("2026-11-23", topic, "ab");
    expect(key.split("/")).toHaveLength(5);
    expect(key.length).toBeLessThan(1_024);
  }
});

it("devices are spread over all buckets evenly", () => {
  const counts = new Map<string, number>();
  for (let i = 0; i < 100_000; i++) {
    const bucket = bucketOf(`elt:t-${i}`);
    expect(bucket).toMatch(/^[0-9a-f]{2}$/);
    counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  }
  expect(counts.size).toBe(BUCKETS);
  const mean = 100_000 / BUCKETS;
  expect(Math.max(...counts.values())).toBeLessThan(mean * 1.5);
  expect(Math.min(...counts.values())).toBeGreaterThan(mean / 2);
});
