import fc from "fast-check";
import { expect, it } from "vitest";
import { archiveLog, type LogPosition } from "#archive/log.ts";
import { readManifest } from "#archive/manifest.ts";
import { dayOf, manifestKey } from "#archive/names.ts";
import { compactDay, DAY_BEGINS, type DayPlace } from "../../../workers/archive/files/compact-day.ts";
import { LIMITS, type Limits } from "../../../workers/archive/files/limits.ts";
import { ARCHIVE_DAY_MS, archivedRecord } from "../../support/archived-records.ts";
import { MemoryBucket } from "../../support/memory-bucket.ts";
import { writeRaw } from "./compact-in-memory.ts";

const DAY = dayOf(ARCHIVE_DAY_MS);
const RECORDS = fc
  .sample(archivedRecord(), { numRuns: 240, seed: 14 })
  .map((record, i) => ({ ...record, receipt: `${record.receipt}.${i}` }));

/** Parts of at most three records. */
const SMALL: Limits = { ...LIMITS, partRecords: 3, rawObjects: 5 };

async function compact(bucket: MemoryBucket, limits: Limits): Promise<void> {
  for (let place: DayPlace | null = DAY_BEGINS; place !== null; )
    ({ place } = await compactDay({ bucket, limits, nowMs: 0, isKept: () => true }, DAY, place));
}

async function dayOfManyParts(): Promise<MemoryBucket> {
  const bucket = new MemoryBucket();
  for (let at = 0; at < RECORDS.length; at += 40) await writeRaw(bucket, RECORDS.slice(at, at + 40));
  await compact(bucket, SMALL);
  expect((await readManifest(bucket, DAY)).manifest.parts.length).toBeGreaterThan(80);
  return bucket;
}

const receiptsOf = (records: readonly { readonly receipt: string }[]) => records.map(({ receipt }) => receipt).sort();

it("A place in a day of many parts is as short as in one of few, and a read looks at the manifest once", async () => {
  const bucket = await dayOfManyParts();
  const read: string[] = [];
  const lengths: number[] = [];
  for (let position: LogPosition | null = null, isEnd = false; !isEnd; ) {
    bucket.calls.length = 0;
    const answer = await archiveLog(bucket).read(JSON.parse(JSON.stringify(position)), { records: 30 });
    const manifests = bucket.calls.filter(({ operation, key }) => operation === "get" && key === manifestKey(DAY));
    expect(manifests.length).toBeLessThanOrEqual(1);
    read.push(...answer.records.map(({ receipt }) => receipt));
    ({ position, isEnd } = answer);
    lengths.push(JSON.stringify(position).length);
  }
  expect(read.sort()).toEqual(receiptsOf(RECORDS));
  expect(lengths.length).toBeGreaterThan(5);
  // A name has 160 characters at most here, and the place has two.
  expect(Math.max(...lengths)).toBeLessThan(600);
});

it("A place stays valid while the parts before and behind it are folded", async () => {
  const bucket = await dayOfManyParts();
  const read: string[] = [];
  let reads = 0;
  for (let position: LogPosition | null = null, isEnd = false; !isEnd; reads++) {
    const answer = await archiveLog(bucket).read(position, { records: 50 });
    read.push(...answer.records.map(({ receipt }) => receipt));
    ({ position, isEnd } = answer);
    if (reads === 1) await compact(bucket, { ...LIMITS, partRecords: 8 });
    if (reads === 3) await compact(bucket, LIMITS);
  }
  expect([...new Set(read)].sort()).toEqual(receiptsOf(RECORDS));
  expect(reads).toBeGreaterThan(4);
});
