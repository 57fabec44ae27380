import type { ArchiveBucket } from "./bucket.ts";
import { openDayFile } from "./day-file.ts";
import { decodeLines } from "./lines.ts";
import { DAYS_PREFIX, RAW_PREFIX } from "./names.ts";
import type { ArchivedRecord } from "./record.ts";

/**
 * Where a reader of changes is. A position of the log does not say what came in behind it: raw objects are named by their
 * content, and a record may be archived long after the hour of its receipt.
 */
export type ChangesPosition = {
  readonly prefix: typeof RAW_PREFIX | typeof DAYS_PREFIX;
  /** The last name that was looked at. */
  readonly after: string | null;
  /** The file that is being read, and how many of its records were. */
  readonly within?: { readonly key: string; readonly records: number };
  /** A file was gone when it was to be read: it is part of another by now, which may have a name before this position. */
  readonly hasMissed?: true;
};

export type ChangesRead = {
  readonly records: readonly ArchivedRecord[];
  readonly position: ChangesPosition;
  readonly isEnd: boolean;
};

/** Names of one list, and lists of one read. R2's own limit, and ours. */
const PAGE = 1_000;
const MAX_PAGES = 10;
/** Files of one read. Our choice. */
const MAX_FILES = 100;

/** What is asked of the bucket. */
export type ChangesBucket = Pick<ArchiveBucket, "get"> & {
  readonly list: (options: {
    readonly prefix: string;
    readonly startAfter?: string;
    readonly limit: number;
  }) => Promise<{
    readonly objects: readonly { readonly key: string; readonly size: number; readonly uploaded: Date }[];
    readonly truncated: boolean;
  }>;
};

const START: ChangesPosition = { prefix: RAW_PREFIX, after: null };

/**
 * Reads the records of every file that was written since a moment, by R2's clock, in bounded batches. Raw objects come
 * first, then parts of days, so that an object that is compacted meanwhile is read as a part. Records may come twice.
 */
export async function readChanges(
  bucket: ChangesBucket,
  {
    sinceMs,
    after,
    limit,
  }: { readonly sinceMs: number; readonly after: ChangesPosition | null; readonly limit: number },
): Promise<ChangesRead> {
  const records: ArchivedRecord[] = [];
  let position = after ?? START;
  let files = 0;
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const page = await bucket.list({
      prefix: position.prefix,
      limit: PAGE,
      ...(position.after !== null && { startAfter: position.after }),
    });
    for (const { key, size, uploaded } of page.objects) {
      const isWanted = uploaded.getTime() >= sinceMs && (position.prefix === RAW_PREFIX || key.endsWith(".parquet"));
      if (isWanted) {
        if (records.length >= limit || files >= MAX_FILES) return { records, position, isEnd: false };
        files += 1;
        const skip = position.within?.key === key ? position.within.records : 0;
        const read = await readSome(bucket, { key, size }, { skip, limit: limit - records.length });
        records.push(...read.records);
        if (read.kind === "some") {
          const within = { key, records: skip + read.records.length };
          return { records, position: { ...position, within }, isEnd: false };
        }
        if (read.kind === "gone") position = { ...position, hasMissed: true };
      }
      const { within: _, ...rest } = position;
      position = { ...rest, after: key };
    }
    if (page.truncated) continue;
    if (position.prefix === DAYS_PREFIX) return { records, position, isEnd: true };
    position = { prefix: DAYS_PREFIX, after: null, ...(position.hasMissed && { hasMissed: true }) };
  }
  return { records, position, isEnd: false };
}

type Piece = { readonly kind: "all" | "some" | "gone"; readonly records: readonly ArchivedRecord[] };
type Range = { readonly skip: number; readonly limit: number };

const readSome = (
  bucket: Pick<ArchiveBucket, "get">,
  file: { readonly key: string; readonly size: number },
  range: Range,
): Promise<Piece> => (file.key.endsWith(".parquet") ? readPart(bucket, file, range) : readRaw(bucket, file, range));

async function readRaw(
  bucket: Pick<ArchiveBucket, "get">,
  { key }: { readonly key: string },
  { skip, limit }: Range,
): Promise<Piece> {
  const object = await bucket.get(key);
  if (!object) return { kind: "gone", records: [] };
  const records: ArchivedRecord[] = [];
  let index = 0;
  for await (const record of decodeLines(object.body as ReadableStream<Uint8Array>)) {
    if (index++ < skip) continue;
    if (records.length >= limit) return { kind: "some", records };
    records.push(record);
  }
  return { kind: "all", records };
}

async function readPart(
  bucket: Pick<ArchiveBucket, "get">,
  { key, size }: { readonly key: string; readonly size: number },
  { skip, limit }: Range,
): Promise<Piece> {
  const file = await openDayFile(bucket, { key, bytes: size });
  if (!file) return { kind: "gone", records: [] };
  const records: ArchivedRecord[] = [];
  let row = 0;
  for (const [index, group] of file.groups.entries()) {
    const end = row + group.rows;
    if (end > skip) {
      if (records.length >= limit) return { kind: "some", records };
      const rows = await file.readGroup(index);
      if (!rows) return { kind: "gone", records };
      const wanted = rows.slice(Math.max(0, skip - row));
      const taken = wanted.slice(0, limit - records.length);
      records.push(...taken);
      if (taken.length < wanted.length) return { kind: "some", records };
    }
    row = end;
  }
  return { kind: "all", records };
}
