import { expect, it } from "vitest";
import { encodeLines } from "#archive/lines.ts";
import { readManifest } from "#archive/manifest.ts";
import { dayOf, RAW_PREFIX, rawKeyOf } from "#archive/names.ts";
import type { ArchivedRecord } from "#archive/record.ts";
import { compactDay, DAY_BEGINS, type DayPlace } from "../../../workers/archive/files/compact-day.ts";
import { LIMITS, type Limits } from "../../../workers/archive/files/limits.ts";
import { ARCHIVE_DAY_MS } from "../../support/archived-records.ts";
import { MemoryBucket } from "../../support/memory-bucket.ts";

const DAY = dayOf(ARCHIVE_DAY_MS);
const TOPIC = "device.infinity.status.reported";

const recordOf = (index: number): ArchivedRecord => ({
  receipt: `parcel-${index}.0`,
  topic: TOPIC,
  ...{ key: null, value: `${index}`, contractVersion: 1, outcome: "applied", deviceKey: null, version: null },
  receivedAtMs: ARCHIVE_DAY_MS + index * 10,
  settledAtMs: ARCHIVE_DAY_MS + index * 10 + 5,
});

const writeRaw = async (bucket: MemoryBucket, records: readonly ArchivedRecord[]): Promise<void> => {
  await bucket.put(await rawKeyOf(records), await encodeLines(records));
};

/** Steps until the day is compacted. */
async function compact(bucket: MemoryBucket, limits: Limits, mostSteps: number): Promise<void> {
  let place: DayPlace | null = DAY_BEGINS;
  let steps = 0;
  while (place) {
    expect(steps, "steps").toBeLessThan(mostSteps);
    place = (await compactDay({ bucket, limits, nowMs: 0, isKept: () => true }, DAY, place)).place;
    steps += 1;
  }
}

it("a dead letter that D1 holds, and that is archived again after its day was compacted, is in the day once", async () => {
  const bucket = new MemoryBucket();
  const letter: ArchivedRecord = { ...recordOf(0), outcome: "deadLettered", merged: "applied" };
  await writeRaw(bucket, [letter]);
  await compact(bucket, LIMITS, 20);
  await writeRaw(bucket, [{ ...letter, settledAtMs: letter.settledAtMs + 1 }, recordOf(2)]);
  await compact(bucket, LIMITS, 20);
  expect(bucket.keys(RAW_PREFIX)).toEqual([]);
  const { manifest } = await readManifest(bucket, DAY);
  expect(manifest.parts.reduce((sum, { records }) => sum + records, 0)).toBe(2);
});
