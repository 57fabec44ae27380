import { open } from "node:fs/promises";
import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
  type SchemaElement,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { BackfillProblem } from "../problem.ts";
import { decimalOfBytes, decimalOfUnits, textOfDays, textOfTime } from "./parquet-values.ts";
import type { Cell, OpenFile, ReadRow } from "./row.ts";

/**
 * Opens a Parquet file. One row group is in memory at a time.
 * @param skip rows that are not wanted; whole row groups of them are not read
 */
export async function openParquet(path: string, { skip = 0 }: { readonly skip?: number }): Promise<OpenFile> {
  const handle = await open(path);
  try {
    const { size } = await handle.stat();
    const file: AsyncBuffer = {
      byteLength: size,
      slice: async (start, end = size) => {
        const bytes = new ArrayBuffer(end - start);
        await handle.read(new Uint8Array(bytes), 0, end - start, start);
        return bytes;
      },
    };
    const metadata = await parquetMetadataAsync(file).catch((error: Error) => {
      throw new BackfillProblem(`${path} is no complete Parquet file: ${error.message}. Download it again.`);
    });
    const columns = columnsOf(metadata);
    let bytesRead = 0;
    return {
      columns: columns.map(({ name }) => name),
      rows: rowsOf({ path, file, metadata, columns, skip, onGroup: (bytes) => (bytesRead += bytes) }),
      bytesRead: () => bytesRead,
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

type Column = { readonly name: string; readonly convert: (value: unknown) => Cell };

type Reading = {
  readonly path: string;
  readonly file: AsyncBuffer;
  readonly metadata: FileMetaData;
  readonly columns: readonly Column[];
  readonly skip: number;
  readonly onGroup: (bytes: number) => void;
};

/** Rows that are converted before others are asked for. */
const BATCH_ROWS = 1_000;

async function* rowsOf({ path, file, metadata, columns, skip, onGroup }: Reading): AsyncGenerator<ReadRow[]> {
  let start = 0;
  for (const group of metadata.row_groups) {
    const rows = Number(group.num_rows);
    const end = start + rows;
    onGroup(Number(group.total_compressed_size ?? sizeOf(group)));
    if (end <= skip) {
      start = end;
      continue;
    }
    const from = Math.max(start, skip);
    const pieces = await readColumns({ path, file, metadata, columns, from, end });
    for (let at = from; at < end; at += BATCH_ROWS) {
      yield rowsBetween(at, Math.min(end, at + BATCH_ROWS), columns, pieces);
    }
    start = end;
  }
}

/** The values of a column from a row on. */
type Piece = { readonly start: number; readonly data: ArrayLike<unknown> };
type Pieces = ReadonlyMap<string, readonly Piece[]>;

type Range = Pick<Reading, "path" | "file" | "metadata" | "columns"> & { readonly from: number; readonly end: number };

/** Column by column, as the file has them: as objects, the rows of a group would take several times the memory. */
async function readColumns({ path, file, metadata, columns, from, end }: Range): Promise<Pieces> {
  const pieces = new Map<string, Piece[]>(columns.map(({ name }) => [name, []]));
  await parquetRead({
    ...{ file, metadata, compressors, parsers: PARSERS, utf8: false, rowStart: from, rowEnd: end },
    columns: columns.map(({ name }) => name),
    onChunk: ({ columnName, columnData, rowStart }) => {
      pieces.get(columnName)?.push({ start: rowStart, data: columnData });
    },
  }).catch((error: Error) => {
    throw new BackfillProblem(`${path} cannot be read from row ${from + 1} on: ${error.message}. Download it again.`);
  });
  return pieces;
}

/** @param from counted from 0 */
function rowsBetween(from: number, end: number, columns: readonly Column[], pieces: Pieces): ReadRow[] {
  const rows = Array.from({ length: end - from }, (): Record<string, Cell> => ({}));
  for (const { name, convert } of columns) {
    for (const { start, data } of pieces.get(name) ?? []) {
      const [first, last] = [Math.max(from, start), Math.min(end, start + data.length)];
      for (let at = first; at < last; at++) (rows[at - from] as Record<string, Cell>)[name] = convert(data[at - start]);
    }
  }
  return rows.map((cells, i) => ({ kind: "row", number: from + i + 1, place: `row ${from + i + 1}`, cells }));
}

const sizeOf = (group: FileMetaData["row_groups"][number]): bigint =>
  group.columns.reduce((sum, { meta_data }) => sum + (meta_data?.total_compressed_size ?? 0n), 0n);

/**
 * The columns, with how their values become cells. Decimals lose their annotation here, so that they are read as the
 * integers that they are: the library would divide them as floating-point numbers.
 */
function columnsOf(metadata: FileMetaData): Column[] {
  return parquetSchema(metadata).children.map(({ element }) => {
    const { name, scale = 0 } = element;
    if (element.converted_type === "DECIMAL" || element.logical_type?.type === "DECIMAL") {
      delete element.converted_type;
      delete element.logical_type;
      return { name, convert: (value) => decimalOf(value, scale) };
    }
    if (isUtc(element)) return { name, convert: (value) => (typeof value === "string" ? `${value}Z` : toCell(value)) };
    return { name, convert: toCell };
  });
}

/** A timestamp that is a moment, and no clock on a wall. The older annotation has no other kind. */
function isUtc({ logical_type, converted_type }: SchemaElement): boolean {
  if (logical_type?.type === "TIMESTAMP") return logical_type.isAdjustedToUTC;
  return converted_type === "TIMESTAMP_MILLIS" || converted_type === "TIMESTAMP_MICROS";
}

function decimalOf(value: unknown, scale: number): Cell {
  if (value === null || value === undefined) return null;
  if (value instanceof Uint8Array) return decimalOfBytes(value, scale);
  return decimalOfUnits(BigInt(value as number | bigint), scale);
}

const DECODER = new TextDecoder("utf-8", { fatal: true });
const textOf = (bytes: Uint8Array): string => {
  try {
    return DECODER.decode(bytes);
  } catch {
    return Buffer.from(bytes).toString("base64");
  }
};

/** Times keep all their digits, and no zone: columns that have one add it. */
const PARSERS = {
  timestampFromMilliseconds: (ms: bigint) => textOfTime(BigInt(ms), 3),
  timestampFromMicroseconds: (us: bigint) => textOfTime(us, 6),
  timestampFromNanoseconds: (ns: bigint) => textOfTime(ns, 9),
  dateFromDays: textOfDays,
  stringFromBytes: (bytes: Uint8Array) => bytes && textOf(bytes),
};

function toCell(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  if (typeof value === "bigint") return isSafe(value) ? Number(value) : value;
  if (typeof value !== "object") return value as Cell;
  // Bytes of a column that says nothing about them: text, as older writers leave it, or else base64.
  if (value instanceof Uint8Array) return textOf(value);
  if (Array.isArray(value)) return value.map(toCell);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, toCell(member)]));
}

const isSafe = (value: bigint): boolean => value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER;
