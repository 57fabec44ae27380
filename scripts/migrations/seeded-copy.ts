import { DatabaseSync } from "node:sqlite";
import { drawRows, insert, quoted, type Row, readTables, seed, type Table } from "./seeds.ts";

export type Trial = {
  /** The migrations before it, in their order. */
  readonly before: readonly string[];
  readonly migration: string;
  /** Tables that lose rows or columns for a reason that was given. */
  readonly losses?: ReadonlySet<string>;
  readonly seed: number;
};

/**
 * Runs a migration on a copy with rows in every table, drawn from the tables as they were before it.
 * @returns what it did that it must not: sentences, none if all is well
 * @throws what SQLite says if the migration does not run on those rows
 */
export function tryMigration({ before, migration, losses = new Set(), seed: drawn }: Trial): string[] {
  // As D1: foreign keys are on, and a text in double quotes is an error.
  using database = new DatabaseSync(":memory:", { enableForeignKeyConstraints: true });
  for (const sql of before) database.exec(sql);
  seed(database, drawn);
  const tables = readTables(database).filter(({ name }) => !losses.has(name));
  const rows = tables.map((table) => readRows(database, table));
  const worked = tables.map((table) => writesThatWork(database, table, drawn));

  database.exec(migration);

  return tables
    .flatMap((table, i) => [
      ...missingRows(database, table, rows[i] ?? []),
      ...writesThatBroke(database, table, drawn, worked[i] ?? []),
    ])
    .concat(check(database, "integrity_check", "ok"), check(database, "foreign_key_check"));
}

const columnsOf = ({ columns }: Table): string => columns.map(({ name }) => quoted(name)).join(", ");

const readRows = (database: DatabaseSync, table: Table): string[] => {
  const found = database.prepare(`SELECT ${columnsOf(table)} FROM ${quoted(table.name)}`).all();
  return found.map((row) => JSON.stringify(row));
};

/** Each row has to be there afterwards, with the columns that it had. Others may have been added. */
function missingRows(database: DatabaseSync, table: Table, before: readonly string[]): string[] {
  let after: string[];
  try {
    after = readRows(database, table);
  } catch (thrown) {
    return [`What was running cannot read ${table.name} any more: ${(thrown as Error).message}.`];
  }
  const left = new Map<string, number>();
  for (const row of after) left.set(row, (left.get(row) ?? 0) + 1);
  const missing = before.filter((row) => {
    const count = left.get(row) ?? 0;
    left.set(row, count - 1);
    return count <= 0;
  });
  const [example] = missing;
  if (example === undefined) return [];
  return [`${missing.length} of ${before.length} rows of ${table.name} are gone or changed, such as ${example}.`];
}

type Write = { readonly name: string; readonly run: (database: DatabaseSync) => void };

/** What a Worker of the release before does to a table: with the columns that it knows, and no others. */
function writesTo(table: Table, drawn: number): Write[] {
  const name = quoted(table.name);
  const [row = []] = drawRows(table, drawn + 2, 1);
  const unused: Row = table.columns.map(({ isKey, type }, i) => {
    if (!isKey) return row[i] ?? null;
    return type === "INTEGER" ? 2_100_000_000 : "never drawn";
  });
  return [
    { name: "insert into", run: (database) => insert(database, table, unused) },
    ...table.columns
      .filter(({ isKey }) => !isKey)
      .map((column) => ({
        name: `set ${column.name} of`,
        run: (database: DatabaseSync) => {
          database.exec(`UPDATE ${name} SET ${quoted(column.name)} = ${quoted(column.name)}`);
        },
      })),
    { name: "delete from", run: (database) => database.exec(`DELETE FROM ${name}`) },
  ];
}

/** Names of the writes that the database takes. None of them stays. */
function writesThatWork(database: DatabaseSync, table: Table, drawn: number): string[] {
  return writesTo(table, drawn).flatMap(({ name, run }) => (errorOf(database, run) === undefined ? [name] : []));
}

/** What worked before has to work afterwards; what a trigger always refused need not. */
function writesThatBroke(database: DatabaseSync, table: Table, drawn: number, worked: readonly string[]): string[] {
  return writesTo(table, drawn).flatMap(({ name, run }) => {
    const error = worked.includes(name) ? errorOf(database, run) : undefined;
    return error === undefined ? [] : [`What was running cannot ${name} ${table.name} any more: ${error}.`];
  });
}

function errorOf(database: DatabaseSync, run: Write["run"]): string | undefined {
  database.exec("BEGIN");
  try {
    run(database);
    return undefined;
  } catch (thrown) {
    return (thrown as Error).message;
  } finally {
    if (database.isTransaction) database.exec("ROLLBACK");
  }
}

/** @param fine the one answer that means that nothing was found */
function check(database: DatabaseSync, name: string, fine?: string): string[] {
  const found = database
    .prepare(`PRAGMA ${name}`)
    .all()
    .map((row) => Object.values(row).join(" "));
  return found.filter((line) => line !== fine).map((line) => `PRAGMA ${name} says: ${line}.`);
}
