import { expect, it } from "vitest";
import { encodeLines } from "#archive/lines.ts";
import { readManifest } from "#archive/manifest.ts";
import { dayOf, rawKeyOf } from "#archive/names.ts";
import type { ArchivedRecord } from "#archive/record.ts";
import { compactDay, DAY_BEGINS, type DayPlace } from "../../../workers/archive/files/compact-day.ts";
import { LIMITS, type Limits } from "../../../workers/archive/files/limits.ts";
import { ARCHIVE_DAY_MS } from "../../support/archived-records.ts";
import { MemoryBucket } from "../../support/memory-bucket.ts";

const DAY = dayOf(ARCHIVE_DAY_MS);
const TOPICS = ["device.infinity.status.reported", "device.elt.alert.raised"];

const recordOf = (index: number): ArchivedRecord => ({
  receipt: `parcel-${index}.0`,
  topic: TOPICS[index % TOPICS.length] as string,
  ...{ key: null, value: `${index}`, contractVersion: 1, outcome: "applied", deviceKey: null, version: null },
  receivedAtMs: ARCHIVE_DAY_MS + index * 10,
  settledAtMs: ARCHIVE_DAY_MS + index * 10 + 5,
});

const writeRaw = async (bucket: MemoryBucket, records: readonly ArchivedRecord[]): Promise<void> => {
  await bucket.put(await rawKeyOf(records), await encodeLines(records));
};

/** Steps until the day is compacted, and what the largest of them asked of the bucket. */
async function compact(bucket: MemoryBucket, limits: Limits, mostSteps: number) {
  let place: DayPlace | null = DAY_BEGINS;
  let [steps, calls, parts] = [0, 0, 0];
  while (place) {
    expect(steps, "steps").toBeLessThan(mostSteps);
    const before = bucket.calls.length;
    place = (await compactDay({ bucket, limits, nowMs: 0, isKept: () => true }, DAY, place)).place;
    steps += 1;
    calls = Math.max(calls, bucket.calls.length - before);
    parts = Math.max(parts, (await readManifest(bucket, DAY)).manifest.parts.length);
  }
  return { steps, calls, parts };
}

/** Raw objects of ten records each, in the order of time, as a consumer writes them; their names are in no order. */
async function busyHour(objects: number): Promise<MemoryBucket> {
  const bucket = new MemoryBucket();
  for (let at = 0; at < objects; at++)
    await writeRaw(
      bucket,
      Array.from({ length: 10 }, (_, i) => recordOf(at * 10 + i)),
    );
  return bucket;
}

it("a step of an hour with four times the records reads no more, and a day has few small parts meanwhile", async () => {
  const limits = { ...LIMITS, rawObjects: 4, rawRecords: 40, partRecords: 200, foldedParts: 4 };
  const [small, large] = [
    await compact(await busyHour(60), limits, 1_000),
    await compact(await busyHour(240), limits, 1_000),
  ];
  // Four objects and the manifest are read, and for each topic a part is written, read again, and compared with its neighbors.
  expect(large.calls).toBeLessThanOrEqual(small.calls + 2);
  expect(large.calls).toBeLessThan(30);
  const full = (240 * 10) / limits.partRecords;
  expect(large.parts).toBeLessThan(2 * full + TOPICS.length * limits.foldedParts);
});
