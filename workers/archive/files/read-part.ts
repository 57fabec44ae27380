import type { ArchiveBucket } from "#archive/bucket.ts";
import type { DayRow } from "#archive/day-columns.ts";
import { type DayFile, openDayFile } from "#archive/day-file.ts";
import type { Part } from "#archive/manifest.ts";
import type { ArchivedRecord } from "#archive/record.ts";

async function openPart(bucket: Pick<ArchiveBucket, "get">, part: Part): Promise<DayFile> {
  const file = await openDayFile(bucket, { ...part, tailBytes: part.bytes });
  if (!file) throw new PartMissing(part);
  return file;
}

/** All records of a part, which is fetched as a whole. */
export async function readPart(bucket: Pick<ArchiveBucket, "get">, part: Part): Promise<ArchivedRecord[]> {
  const file = await openPart(bucket, part);
  const records: ArchivedRecord[] = [];
  for (const [index] of file.groups.entries()) {
    const group = await file.readGroup(index);
    if (!group) throw new PartMissing(part);
    for (const record of group) records.push(record);
  }
  return records;
}

/** Some columns of a part, which is fetched as a whole. */
export async function readColumns(bucket: Pick<ArchiveBucket, "get">, part: Part, columns: readonly string[]) {
  const file = await openPart(bucket, part);
  const rows: DayRow[] = [];
  for (const [index] of file.groups.entries()) {
    const group = await file.readColumns(index, columns);
    if (!group) throw new PartMissing(part);
    for (const row of group) rows.push(row);
  }
  return rows;
}

/** A part that the manifest names is not there: it was lost, or the manifest has been written since it was read. */
export class PartMissing extends Error {
  override readonly name = "PartMissing";
  constructor({ key }: Part) {
    super(`${key} is missing from the archive, and its day's manifest names it; run "concord archive check"`);
  }
}
