import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { type ColumnType, TABLES, type TableName, type TableRow, type Value, type Warehouse } from "./table.ts";

export type UnloadFormat = "csv" | "parquet";

/** Rows of one file. Snowflake unloads a table in parallel, into several files. */
const FILE_ROWS = 5_000;
/** So that small tables have several files too. */
const LEAST_FILES = 2;

/** NUMBER(9, 4) */
const DECIMAL = { precision: 9, scale: 4 };

/** Writes every table into a folder of its own, as `COPY INTO @stage/{table}/` followed by `GET` leaves it here. */
export function writeUnload(folder: string, warehouse: Warehouse, format: UnloadFormat): void {
  for (const name of Object.keys(TABLES) as TableName[]) {
    mkdirSync(join(folder, name), { recursive: true });
    for (const [i, rows] of filesOf(warehouse[name]).entries()) {
      const columns = Object.entries(TABLES[name]) as [string, ColumnType][];
      const [ending, content] =
        format === "csv" ? ["csv.gz", gzipSync(csvOf(columns, rows))] : ["snappy.parquet", parquetOf(columns, rows)];
      writeFileSync(join(folder, name, `data_0_${i}_0.${ending}`), content);
    }
  }
}

function filesOf(rows: readonly TableRow[]): (readonly TableRow[])[] {
  const size = Math.max(1, Math.min(FILE_ROWS, Math.ceil(rows.length / LEAST_FILES)));
  return Array.from({ length: Math.max(1, Math.ceil(rows.length / size)) }, (_, i) =>
    rows.slice(i * size, (i + 1) * size),
  );
}

/** With `FIELD_OPTIONALLY_ENCLOSED_BY = '"'`: texts are quoted, numbers are not, and null is `\N`. */
function csvOf(columns: readonly [string, ColumnType][], rows: readonly TableRow[]): string {
  const header = columns.map(([name]) => quoted(name)).join();
  const lines = rows.map((row) => columns.map(([name, type]) => fieldOf(type, row[name] ?? null)).join());
  return `${[header, ...lines].join("\n")}\n`;
}

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

function fieldOf(type: ColumnType, value: Value): string {
  if (value === null) return "\\N";
  switch (type) {
    case "integer":
    case "boolean":
      return String(value);
    case "decimal":
      return Number(value).toFixed(DECIMAL.scale);
    case "time":
      return quoted(`${nanosecondsOf(String(value))}+00:00`);
    case "wall":
      return quoted(nanosecondsOf(String(value)));
    case "list":
    case "variant":
      return quoted(JSON.stringify(value));
    case "text":
      return quoted(String(value));
  }
}

/** `2026-11-01T08:00:00.123Z` as `2026-11-01T08:00:00.123000000` */
function nanosecondsOf(utc: string): string {
  const [seconds = "", fraction = ""] = utc.slice(0, -1).split(".");
  return `${seconds}.${fraction.padEnd(9, "0")}`;
}

const timestamp = (isAdjustedToUTC: boolean) => ({
  type: "INT64",
  logical_type: { type: "TIMESTAMP", unit: "MICROS", isAdjustedToUTC },
});
const TEXT = { type: "BYTE_ARRAY", converted_type: "UTF8" };

const ELEMENTS: Readonly<Record<ColumnType, object>> = {
  text: TEXT,
  variant: TEXT,
  integer: { type: "INT64" },
  boolean: { type: "BOOLEAN" },
  decimal: { type: "INT32", converted_type: "DECIMAL", ...DECIMAL },
  time: timestamp(true),
  wall: timestamp(false),
  list: { num_children: 1, converted_type: "LIST" },
};
const LIST_ELEMENTS = [
  { name: "list", repetition_type: "REPEATED", num_children: 1 },
  { name: "element", repetition_type: "OPTIONAL", ...TEXT },
];

function parquetOf(columns: readonly [string, ColumnType][], rows: readonly TableRow[]): Uint8Array {
  const schema = columns.flatMap(([name, type]) => [
    { name, repetition_type: "OPTIONAL", ...ELEMENTS[type] },
    ...(type === "list" ? LIST_ELEMENTS : []),
  ]);
  const columnData = columns.map(([name, type]) => ({
    name,
    data: rows.map((row) => cellOf(type, row[name] ?? null)),
  }));
  type Written = Parameters<typeof parquetWriteBuffer>[0];
  const root = { name: "schema", num_children: columns.length };
  return new Uint8Array(parquetWriteBuffer({ columnData, schema: [root, ...schema] } as Written));
}

function cellOf(type: ColumnType, value: Value): unknown {
  if (value === null) return null;
  switch (type) {
    case "integer":
      return BigInt(value as number);
    case "decimal":
      return BigInt(Math.round(Number(value) * 10 ** DECIMAL.scale));
    case "time":
    case "wall":
      return microsecondsOf(String(value));
    case "variant":
      return JSON.stringify(value);
    case "text":
    case "boolean":
    case "list":
      return value;
  }
}

function microsecondsOf(utc: string): bigint {
  const [seconds = "", fraction = ""] = utc.slice(0, -1).split(".");
  return BigInt(Date.parse(`${seconds}Z`)) * 1000n + BigInt(fraction.padEnd(6, "0").slice(0, 6));
}
