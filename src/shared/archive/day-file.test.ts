import fc from "fast-check";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { expect, it } from "vitest";
import { archivedRecord } from "../../../test/support/archived-records.ts";
import { MemoryBucket } from "../../../test/support/memory-bucket.ts";
import { compareRows } from "./day-columns.ts";
import { encodeDayFile, openDayBytes, openDayFile, ROW_GROUP_ROWS } from "./day-file.ts";
import { bucketOf } from "./names.ts";
import type { ArchivedRecord } from "./record.ts";

const drawn = (count: number, seed = 1): ArchivedRecord[] =>
  fc.sample(archivedRecord({ devices: 500 }), { numRuns: count, seed });

async function readAll(bytes: Uint8Array<ArrayBuffer>): Promise<ArchivedRecord[]> {
  const file = await openDayBytes(bytes.buffer);
  const groups = await Promise.all(file.groups.map((_, index) => file.readGroup(index)));
  return groups.flatMap((group) => group ?? []);
}

it("a day file gives back every record exactly, sorted", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(archivedRecord(), { minLength: 1, maxLength: 30 }), async (records) => {
      expect(await readAll(encodeDayFile(records))).toEqual([...records].sort(compareRows));
    }),
  );
});

it("the same records give the same bytes in any order", () => {
  const records = drawn(2_500);
  expect(encodeDayFile(records.toReversed())).toEqual(encodeDayFile(records));
});

it("what a later release adds to a record is kept", async () => {
  const [record] = drawn(1);
  const later = { ...record, addedLater: { a: 1 } } as unknown as ArchivedRecord;
  expect(await readAll(encodeDayFile([later]))).toEqual([later]);
});

it("a reader that knows nothing of Concord reads the columns", async () => {
  const records = drawn(50, 3).sort(compareRows);
  const bytes = encodeDayFile(records);
  const rows = await parquetReadObjects({ file: bytes.buffer });
  expect(rows.map(({ receipt, outcome, device_key }) => ({ receipt, outcome, device_key }))).toEqual(
    records.map(({ receipt, outcome, deviceKey }) => ({ receipt, outcome, device_key: deviceKey })),
  );
  expect(rows.map(({ received_at }) => received_at)).toEqual(records.map(({ receivedAtMs }) => new Date(receivedAtMs)));
  expect(parquetMetadata(bytes.buffer).row_groups[0]?.columns[0]?.meta_data?.codec).toBe("SNAPPY");
});

it("the footer says which buckets a row group holds, so that a reader of one bucket skips the others", async () => {
  const records = drawn(4_000);
  const bytes = encodeDayFile(records);
  const memory = new MemoryBucket();
  await memory.put("f", bytes);
  const file = await openDayFile(memory, { key: "f", bytes: bytes.byteLength });
  if (!file) throw new Error("the file is there");
  expect(file.groups.map(({ rows }) => rows)).toEqual([1, 2, 3, 4].map(() => ROW_GROUP_ROWS));
  for (const [index, { buckets }] of file.groups.entries()) {
    const held = ((await file.readGroup(index)) ?? []).flatMap(({ deviceKey }) => deviceKey ?? []).map(bucketOf);
    expect(buckets).toEqual(held.length === 0 ? null : { first: held[0], last: held.at(-1) });
  }
  // The footer, and each row group in one read.
  expect(memory.calls.filter(({ operation }) => operation === "get").length).toBeLessThanOrEqual(5);
});

it("a file that is gone reads as null, before and after it was opened", async () => {
  const bytes = encodeDayFile(drawn(3_000));
  const memory = new MemoryBucket();
  expect(await openDayFile(memory, { key: "f", bytes: bytes.byteLength })).toBeNull();
  await memory.put("f", bytes);
  const file = await openDayFile(memory, { key: "f", bytes: bytes.byteLength });
  await memory.delete("f");
  expect(await file?.readGroup(0)).toBeNull();
});
