import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import fc from "fast-check";

export type Column = {
  readonly name: string;
  readonly type: string;
  readonly isKey: boolean;
  readonly isNullable: boolean;
};
export type Table = { readonly name: string; readonly columns: readonly Column[] };
export type Row = readonly SQLInputValue[];

const ROWS = 40;

/** The tables of a database at whatever version it is, as SQLite itself describes them. */
export function readTables(database: DatabaseSync): Table[] {
  const tables = database.prepare("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'").all();
  const names = tables.map(({ name }) => String(name)).filter((name) => !name.startsWith("sqlite_"));
  return names.sort().map((name) => {
    const columns = database.prepare("SELECT * FROM pragma_table_xinfo(?) WHERE hidden = 0").all(name);
    return {
      name,
      columns: columns.map((column) => ({
        name: String(column.name),
        type: String(column.type).toUpperCase(),
        isKey: column.pk !== 0,
        isNullable: column.notnull === 0 && column.pk === 0,
      })),
    };
  });
}

/** Fills each table with drawn rows. Those that a key or a trigger refuses are left out. */
export function seed(database: DatabaseSync, seed: number): void {
  const tables = readTables(database);
  // Twice, since a row may refer to one of a table that comes later.
  for (const pass of [0, 1]) {
    for (const table of tables) for (const row of drawRows(table, seed + pass)) tryInsert(database, table, row);
  }
  for (const table of tables) {
    const { rows } = database.prepare(`SELECT count(*) AS rows FROM ${quoted(table.name)}`).get() ?? {};
    if (Number(rows) === 0)
      throw new Error(
        `No drawn row fits the table ${table.name}: say in scripts/migrations/seeds.ts what its columns hold.`,
      );
  }
}

function tryInsert(database: DatabaseSync, table: Table, row: Row): void {
  try {
    insert(database, table, row);
  } catch {
    // A row with that key is there already, or refers to nothing.
  }
}

/** As a Worker writes: with the names of the columns that it knows. @throws what SQLite says */
export function insert(database: DatabaseSync, { name, columns }: Table, row: Row): void {
  const names = columns.map((column) => quoted(column.name)).join(", ");
  const places = columns.map(() => "?").join(", ");
  database.prepare(`INSERT INTO ${quoted(name)} (${names}) VALUES (${places})`).run(...row);
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export const drawRows = ({ columns }: Table, seed: number, numRuns = ROWS): readonly Row[] =>
  fc.sample(fc.tuple(...columns.map(valuesOf)), { numRuns, seed });

/** Texts that SQL which is put together by hand breaks on, and words that our tables have. */
const anyText = fc.oneof(
  fc.constantFrom("", "open", "OPEN", "it's; DROP TABLE devices --", "0", "2026-12-01T00:00:00Z"),
  fc.string({ unit: "grapheme", maxLength: 20 }).map((text) => text.replaceAll("\0", "")),
);
/** Few, so that rows of different tables belong together. */
const fewIds = fc.integer({ min: 0, max: 24 });

/** What a column of this name holds, where that matters to a migration or a trigger. Later ones need an entry only then. */
const BY_NAME: readonly (readonly [RegExp, fc.Arbitrary<SQLInputValue>])[] = [
  [/^(?:value|aspects|alert|failure|record|patch|run|before|after)$/, json()],
  [/^key$|_key$/, fewIds.map((id) => `infinity:${id}`)],
  [/^id$|_id$/, fewIds.map((id) => `id-${id}`)],
];
const BY_TYPE: Readonly<Record<string, fc.Arbitrary<SQLInputValue>>> = {
  INTEGER: fc.integer({ min: 0, max: 2_000_000_000 }),
  REAL: fc.double({ noNaN: true, noDefaultInfinity: true }),
  BLOB: fc.uint8Array({ maxLength: 20 }),
};

function valuesOf({ name, type, isNullable }: Column): fc.Arbitrary<SQLInputValue> {
  const named = type === "TEXT" ? BY_NAME.find(([pattern]) => pattern.test(name))?.[1] : undefined;
  const value = named ?? BY_TYPE[type] ?? anyText;
  return isNullable ? fc.option(value, { freq: 4 }) : value;
}

function json(): fc.Arbitrary<string> {
  const registration = fc.record({ value: fc.record({ registeredAt: anyText }), version: anyText });
  return fc.record({ name: anyText, registration }).map((value) => JSON.stringify(value));
}
