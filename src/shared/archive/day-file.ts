import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { ByteWriter, parquetWrite } from "hyparquet-writer";
import type { ArchiveBucket } from "./bucket.ts";
import { compareRows, DAY_COLUMNS, type DayRow, toRecord } from "./day-columns.ts";
import type { ArchivedRecord } from "./record.ts";

/** Rows of a row group: what one ranged read brings, and the least that a reader of one device reads. Our choice. */
export const ROW_GROUP_ROWS = 1_000;

/**
 * A Parquet file of records, sorted by {@link compareRows}, compressed with Snappy. The same records give the same bytes, in
 * whichever order they come.
 */
export function encodeDayFile(records: readonly ArchivedRecord[]): Uint8Array<ArrayBuffer> {
  const sorted = [...records].sort(compareRows);
  const writer = new ByteWriter();
  parquetWrite({
    writer,
    columnData: DAY_COLUMNS.map(({ name, type, of }) => ({ name, type, data: sorted.map(of) })),
    rowGroupSize: ROW_GROUP_ROWS,
    createdBy: "concord",
  });
  return new Uint8Array(writer.getBuffer());
}

export type RowGroup = {
  readonly rows: number;
  /** The first and the last bucket of its records, as two hex digits; `null` if none of them has a device. */
  readonly buckets: { readonly first: string; readonly last: string } | null;
};

/** A day file whose footer is read; the rest is read as it is asked for. */
export type DayFile = {
  readonly groups: readonly RowGroup[];
  /** The records of a row group, in one ranged read; `null` if the file is gone. */
  readonly readGroup: (index: number) => Promise<ArchivedRecord[] | null>;
  /** Some columns of a row group, without the others being decoded. */
  readonly readColumns: (index: number, columns: readonly string[]) => Promise<DayRow[] | null>;
};

/** What is read of the end of a file: its footer, and a small file as a whole. Our choice. */
const TAIL_BYTES = 256 * 1024;

export type DayFileName = {
  readonly key: string;
  readonly bytes: number;
  /** What is read at once; `bytes` for the whole file. */
  readonly tailBytes?: number;
};

/** Opens a day file in the bucket; `null` if it is gone, as one is whose records are in another by now. */
export async function openDayFile(
  bucket: Pick<ArchiveBucket, "get">,
  { key, bytes, tailBytes = TAIL_BYTES }: DayFileName,
): Promise<DayFile | null> {
  const read: Read = async (start, end) => {
    const object = await bucket.get(key, { range: { offset: start, length: end - start } });
    if (!object) throw new Gone();
    return object.arrayBuffer();
  };
  const start = Math.max(0, bytes - tailBytes);
  return unlessGone(async () => openFile(bytes, { start, bytes: await read(start, bytes) }, read));
}

class Gone extends Error {}

async function unlessGone<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Gone) return null;
    throw error;
  }
}

type Read = (start: number, end: number) => Promise<ArrayBuffer>;

/** Opens a day file that is in memory as a whole. */
export const openDayBytes = (bytes: ArrayBuffer): Promise<DayFile> =>
  openFile(bytes.byteLength, { start: 0, bytes }, () =>
    Promise.reject(new RangeError("the file ends before its footer")),
  );

type Piece = { readonly start: number; readonly bytes: ArrayBuffer };

async function openFile(size: number, tail: Piece, read: Read): Promise<DayFile> {
  const metadata = await parquetMetadataAsync(bufferOf(size, tail, read), { initialFetchSize: size - tail.start });
  const readRows = async (index: number, columns?: readonly string[]): Promise<DayRow[]> => {
    const { start, end, rowStart, rowEnd } = extentOf(metadata, index);
    const piece = start >= tail.start ? tail : { start, bytes: await read(start, end) };
    const rows = await parquetReadObjects({
      file: bufferOf(size, piece, read),
      metadata,
      rowStart,
      rowEnd,
      ...(columns && { columns: [...columns] }),
      parsers: PARSERS,
    });
    return rows.map(withNumbers);
  };
  return {
    groups: metadata.row_groups.map((group): RowGroup => {
      const stats = group.columns.find(({ meta_data }) => meta_data?.path_in_schema[0] === "bucket")?.meta_data
        ?.statistics;
      const [first, last] = [stats?.min_value, stats?.max_value];
      return {
        rows: Number(group.num_rows),
        buckets: typeof first === "string" && typeof last === "string" ? { first, last } : null,
      };
    }),
    readGroup: (index) => unlessGone(async () => (await readRows(index)).map(toRecord)),
    readColumns: (index, columns) => unlessGone(() => readRows(index, columns)),
  };
}

/** A text keeps a byte order mark that it begins with, and numbers and times are read as numbers. */
const TEXT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const PARSERS = {
  stringFromBytes: (bytes: Uint8Array | undefined) => bytes && TEXT.decode(bytes),
  timestampFromMilliseconds: (ms: bigint) => Number(ms),
};

const withNumbers = (row: Record<string, unknown>): DayRow =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, typeof value === "bigint" ? Number(value) : value]),
  ) as DayRow;

/** Serves from memory what the piece holds, and reads what it does not, as of a footer that is larger than the tail. */
const bufferOf = (byteLength: number, piece: Piece, read: Read): AsyncBuffer => ({
  byteLength,
  slice: async (start, end = byteLength) => {
    const isHeld = start >= piece.start && end <= piece.start + piece.bytes.byteLength;
    return isHeld ? piece.bytes.slice(start - piece.start, end - piece.start) : read(start, end);
  },
});

/** Where a row group lies in its file, and its rows. */
function extentOf(metadata: FileMetaData, index: number) {
  const rowStart = metadata.row_groups.slice(0, index).reduce((rows, group) => rows + Number(group.num_rows), 0);
  let [start, end] = [Number.POSITIVE_INFINITY, 0];
  for (const { meta_data } of metadata.row_groups[index]?.columns ?? []) {
    if (!meta_data) continue;
    const first = Number(meta_data.dictionary_page_offset ?? meta_data.data_page_offset);
    start = Math.min(start, first);
    end = Math.max(end, first + Number(meta_data.total_compressed_size));
  }
  return { start, end, rowStart, rowEnd: rowStart + Number(metadata.row_groups[index]?.num_rows ?? 0) };
}
