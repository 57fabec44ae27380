import fc from "fast-check";
import { expect, it } from "vitest";
import { ARCHIVE_DAY_MS, archivedRecord } from "../../../test/support/archived-records.ts";
import { MemoryBucket } from "../../../test/support/memory-bucket.ts";
import { encodeLines } from "./lines.ts";
import { type ArchiveLog, archiveLog, type LogPosition } from "./log.ts";
import { bucketOf, dayOf, rawKeyOf, rawPrefixOf } from "./names.ts";
import type { ArchivedRecord } from "./record.ts";

/** Writes raw objects as the consumer does: those of one batch and hour together. */
async function writeRaw(memory: MemoryBucket, records: readonly ArchivedRecord[]): Promise<void> {
  for (const batch of Map.groupBy(records, rawPrefixOf).values())
    await memory.put(await rawKeyOf(batch), await encodeLines(batch));
}

async function readToEnd(log: ArchiveLog, records: number): Promise<ArchivedRecord[]> {
  const all: ArchivedRecord[] = [];
  let position: LogPosition | null = null;
  for (;;) {
    // Through JSON, as a job stores it.
    const read = await log.read(JSON.parse(JSON.stringify(position)), { records });
    expect(read.records.length).toBeLessThanOrEqual(records);
    all.push(...read.records);
    if (read.isEnd) return all;
    position = read.position;
  }
}

const byReceipt = (records: readonly ArchivedRecord[]) =>
  [...records].sort((a, b) => (a.receipt < b.receipt ? -1 : 1)).map(({ receipt }) => receipt);

const drawn = (count: number, days = 3): ArchivedRecord[] =>
  fc.sample(archivedRecord({ days }), { numRuns: count, seed: 4 });

it.each([1, 7, 1_000])("reads every raw record once, %i at a time", async (limit) => {
  const records = drawn(200);
  const memory = new MemoryBucket();
  for (let at = 0; at < records.length; at += 30) await writeRaw(memory, records.slice(at, at + 30));
  const read = await readToEnd(archiveLog(memory), limit);
  expect(byReceipt(read)).toEqual(byReceipt(records));
});

it("an empty archive has nothing, and ends", async () => {
  expect(await archiveLog(new MemoryBucket()).read(null, { records: 10 })).toEqual({
    records: [],
    position: null,
    isEnd: true,
  });
});

it("reads only the days and the buckets that are asked for", async () => {
  const records = drawn(300, 4);
  const memory = new MemoryBucket();
  await writeRaw(memory, records);
  const [fromDay, toDay] = [dayOf(ARCHIVE_DAY_MS + 86_400_000), dayOf(ARCHIVE_DAY_MS + 2 * 86_400_000)];
  const buckets = [
    { from: "20", to: "3f" },
    { from: "80", to: "bf" },
  ];
  const read = await readToEnd(archiveLog(memory, { fromDay, toDay, buckets }), 9);
  const wanted = records.filter(({ receivedAtMs, deviceKey }) => {
    const day = dayOf(receivedAtMs);
    const isWanted = deviceKey && /^[2389ab]/.test(bucketOf(deviceKey));
    return day >= fromDay && day <= toDay && isWanted;
  });
  expect(wanted.length).toBeGreaterThan(10);
  expect(byReceipt(read)).toEqual(byReceipt(wanted));
});

it("one read fetches a bounded number of objects, however small these are", async () => {
  const memory = new MemoryBucket();
  for (const record of drawn(450, 1)) await writeRaw(memory, [record]);
  memory.calls.length = 0;
  const read = await archiveLog(memory).read(null, { records: 10_000 });
  expect(read.isEnd).toBe(false);
  expect(memory.calls.length).toBeLessThanOrEqual(210);
});
