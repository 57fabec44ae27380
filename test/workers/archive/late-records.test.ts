import { expect, it } from "vitest";
import { readManifest } from "#archive/manifest.ts";
import { bucketOf, dayOf, dayPrefix } from "#archive/names.ts";
import { seriesAsOf } from "#archive/series/lookup.ts";
import { monthOf } from "#archive/series/names.ts";
import type { DeviceKey } from "#domain/event.ts";
import { toMoment } from "#domain/time.ts";
import { compaction } from "../../../workers/archive/jobs/compaction.ts";
import { archivedOf, receivedYear } from "../../support/archived-year.ts";
import { MemoryBucket } from "../../support/memory-bucket.ts";
import { compactAll, compactionDeps, writeRaw } from "./compact-in-memory.ts";

/** Half a day of 40 devices, twice: received in three months one after the other, the first of which gets a late record. */
const YEAR = receivedYear({ seed: 11, devices: 40, events: 400 });
const FIRST_DAY_MS = Date.parse("2026-03-14T00:00:00Z");
const DAYS_MS = [FIRST_DAY_MS, Date.parse("2026-04-14T00:00:00Z"), Date.parse("2026-05-14T00:00:00Z")];
const RECORDS = YEAR.map((received, i) =>
  archivedOf({ ...received, receivedAtMs: (DAYS_MS[i % 3] as number) + i * 90_000 }, i),
);
const NOW_MS = Date.parse("2026-05-16T12:00:00Z");
const DAY = dayOf(FIRST_DAY_MS);

const isOfDevice = ({ deviceKey }: (typeof RECORDS)[number]) => deviceKey !== null;
const onFirstDay = RECORDS.filter(({ receivedAtMs }) => dayOf(receivedAtMs) === DAY);
const LATE = onFirstDay.find(
  (record) => isOfDevice(record) && record.topic.endsWith("status.reported"),
) as (typeof RECORDS)[number];

async function compacted(): Promise<MemoryBucket> {
  const bucket = new MemoryBucket();
  await writeRaw(
    bucket,
    RECORDS.filter((record) => record !== LATE),
  );
  await compactAll(compaction, compactionDeps(bucket, NOW_MS));
  return bucket;
}

const written = (bucket: MemoryBucket, prefix: string): string[] =>
  bucket.calls.filter(({ operation, key }) => operation === "put" && key.startsWith(prefix)).map(({ key }) => key);

it("A late record of an old day has only the segments of its own bucket written", async () => {
  const bucket = await compacted();
  const buckets = new Set(onFirstDay.flatMap(({ deviceKey }) => (deviceKey === null ? [] : [bucketOf(deviceKey)])));
  expect(buckets.size).toBeGreaterThan(15);
  bucket.calls.length = 0;
  await writeRaw(bucket, [LATE]);
  await compactAll(compaction, compactionDeps(bucket, NOW_MS));
  const own = bucketOf(LATE.deviceKey as DeviceKey);
  const segments = written(bucket, "series/").filter((key) => key.endsWith(".seg"));
  expect(new Set(segments.map((key) => key.slice("series/".length, "series/3f".length)))).toEqual(new Set([own]));
  // Its day's, which goes into its month's and its month's own, and at most the states of the two later months.
  expect(segments.length).toBeGreaterThanOrEqual(2);
  expect(segments.length).toBeLessThanOrEqual(4);
  expect(segments).toContain(`series/${own}/${DAY}/0000.seg`);
  const state = await seriesAsOf(bucket, LATE.deviceKey as DeviceKey, { asOf: toMoment(NOW_MS), knownAtMs: NOW_MS });
  const whole = new MemoryBucket();
  await writeRaw(whole, RECORDS);
  await compactAll(compaction, compactionDeps(whole, NOW_MS));
  expect(state).toEqual(
    await seriesAsOf(whole, LATE.deviceKey as DeviceKey, { asOf: toMoment(NOW_MS), knownAtMs: NOW_MS }),
  );
});

it("A late record of an old day has only parts of its own topic written", async () => {
  const bucket = await compacted();
  const before = (await readManifest(bucket, DAY)).manifest.parts.map(({ key }) => key);
  bucket.calls.length = 0;
  await writeRaw(bucket, [LATE]);
  await compactAll(compaction, compactionDeps(bucket, NOW_MS));
  const parts = written(bucket, dayPrefix(DAY)).filter((key) => key.endsWith(".parquet"));
  expect(parts.length).toBeGreaterThan(0);
  for (const key of parts) expect(key).toContain(`/topic=${LATE.topic}/`);
  const after = (await readManifest(bucket, DAY)).manifest.parts.map(({ key }) => key);
  const others = (keys: readonly string[]) => keys.filter((key) => !key.includes(`/topic=${LATE.topic}/`)).sort();
  expect(others(before).length).toBeGreaterThan(5);
  expect(others(after)).toEqual(others(before));
});

it("A repetition of a record that the day has writes no part and no segment", async () => {
  const bucket = await compacted();
  bucket.calls.length = 0;
  const again = onFirstDay.filter((record) => isOfDevice(record) && record !== LATE).slice(0, 3);
  await writeRaw(bucket, again);
  await compactAll(compaction, compactionDeps(bucket, NOW_MS));
  expect(bucket.keys("events/")).toEqual([]);
  expect(written(bucket, "series/").filter((key) => key.endsWith(".seg"))).toEqual([]);
  expect(written(bucket, "days/").filter((key) => key.endsWith(".parquet"))).toEqual([]);
});

it("A day that an operator names has all of its segments made again", async () => {
  const bucket = await compacted();
  bucket.calls.length = 0;
  await compactAll(compaction, compactionDeps(bucket, NOW_MS), { day: DAY });
  const segments = written(bucket, "series/").filter((key) => key.includes(`/${DAY}/`));
  const buckets = new Set(segments.map((key) => key.slice("series/".length, "series/3f".length)));
  expect(buckets.size).toBeGreaterThan(15);
  expect(written(bucket, "series/").some((key) => key.includes(`/${monthOf(DAY)}/`))).toBe(true);
});
