import { and, type SQL, sql } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import type { Scope } from "#auth/scope.ts";
import { unindexed } from "./keyset.ts";
import { jsonEach } from "./one-of.ts";
import { columnsNamed, columnsOf, type ScopedTable } from "./scoped-table.ts";
import { type ColumnName, isOfId, type RowOf, type TableReader } from "./table-reader.ts";
import { matching, type Where } from "./where.ts";

/** How rows of one table belong to those of another: by columns that have the same values. */
export type Relation<T extends SQLiteTable = SQLiteTable, Kind extends "one" | "many" = "one" | "many"> = {
  readonly kind: Kind;
  readonly to: ScopedTable<T>;
  /** The columns of the table that has the relation, and for each the column of the other one. */
  readonly on: Readonly<Record<string, string>>;
};

/** The relations of a table, by the names that `include` has for them. */
export type Relations<T extends SQLiteTable> = Readonly<
  Record<string, Omit<Relation, "on"> & { readonly on: { readonly [Name in ColumnName<T>]?: string } }>
>;

type On<Target extends SQLiteTable> = Readonly<Record<string, ColumnName<Target>>>;

/** A relation to at most one row of the scope: its columns are the other table's key. */
export function one<Target extends SQLiteTable, const Columns extends On<Target>>(
  to: ScopedTable<Target>,
  on: Columns,
): Relation<Target, "one"> & { readonly on: Columns } {
  return { kind: "one", to, on };
}

/** A relation to any number of rows. Declare an index that begins with the other table's columns. */
export function many<Target extends SQLiteTable, const Columns extends On<Target>>(
  to: ScopedTable<Target>,
  on: Columns,
): Relation<Target, "many"> & { readonly on: Columns } {
  return { kind: "many", to, on };
}

/** What to read of a related row, and for relations to many how many of them at most for each row. */
type IncludeOne<T extends SQLiteTable> = {
  readonly select: readonly ColumnName<T>[];
  readonly where?: Where<T>;
};
type IncludeMany<T extends SQLiteTable> = IncludeOne<T> & { readonly limit: number };

/** The relations to read along, by their names, and which columns of them. */
export type Include<Known> = {
  readonly [Name in keyof Known]?: Known[Name] extends Relation<infer T, infer Kind>
    ? Kind extends "many"
      ? IncludeMany<T>
      : IncludeOne<T>
    : never;
};

/** The rows that come along: `null` or a row for a relation to one, rows by key for one to many. */
export type Included<Known, Asked> = {
  readonly [Name in keyof Asked & keyof Known]: Known[Name] extends Relation<infer T, infer Kind>
    ? Asked[Name] extends { readonly select: readonly (infer Column extends ColumnName<T>)[] }
      ? Kind extends "many"
        ? readonly Pick<RowOf<T>, Column>[]
        : Pick<RowOf<T>, Column> | null
      : never
    : never;
};

type Row = Readonly<Record<string, unknown>>;
type Asked = { readonly select: readonly string[]; readonly where?: object; readonly limit?: number };

/** Related rows of one row: the value that `include` puts in it. */
export type Lookup = (row: Row) => unknown;

/**
 * Reads a relation of all rows in one statement, which has one bound parameter for their ids. A row of the other table
 * is read only if the scope may see it.
 * @returns finds a row's related ones
 */
export async function readRelated(
  { kind, to, on }: Relation,
  { select, where = {}, limit = 1 }: Asked,
  {
    rows,
    scope,
    reader,
  }: { readonly rows: readonly Row[]; readonly scope: Scope; readonly reader: TableReader<SQLiteTable> },
): Promise<Lookup> {
  const [names, theirNames] = [Object.keys(on), Object.values(on)];
  const ids = [
    ...new Map(rows.map((row) => [placeOf(row, names), valuesOf(to, theirNames, row, names)])).values(),
  ].filter((values) => !values.includes(null));
  const parents = ids.map((values) => (values.length === 1 ? values[0] : values));
  const condition = and(to.visibleTo(scope), matching(to.table, where, unindexed));
  const columns = [...new Set([...select, ...theirNames])] as never[];
  const found = parents.length === 0 ? [] : await read();
  const groups = Map.groupBy(found, (row) => placeOf(row, theirNames));
  const shown = (row: Row) => Object.fromEntries(select.map((name) => [name, row[name]]));
  return (row) => {
    const related = (groups.get(placeOf(row, names)) ?? []).map(shown);
    return kind === "many" ? related : (related[0] ?? null);
  };

  function read(): Promise<Row[]> {
    const on = isOfId(columnsNamed(to.table, theirNames));
    if (kind === "one") return reader.findManyById(parents, { select: columns, on, where: condition });
    const key = columnsNamed(to.table, to.key);
    const orderBy = key.map((column) => sql`${column}`);
    return reader.findMany({ select: columns, orderBy }, firstOfEach(parents, { to, on: and(on, condition), limit }));
  }
}

/**
 * The first rows of each parent by key. The inner table has the same name as the outer one, so that the conditions apply
 * to the inner one. It reads no more rows of a parent than the limit, if an index is sorted by key below the relation's columns.
 */
function firstOfEach(
  parents: readonly unknown[],
  { to, on, limit }: { readonly to: ScopedTable; readonly on: SQL | undefined; readonly limit: number },
): SQL {
  const key = sql.join(columnsNamed(to.table, to.key), sql`, `);
  return sql`SELECT ${to.table}.* FROM ${jsonEach(parents)} AS ids CROSS JOIN ${to.table} ON (${key}) IN (
    SELECT ${key} FROM ${to.table} WHERE ${on} ORDER BY ${key} LIMIT ${limit})`;
}

/** A row's place in a relation: equal for rows that belong together. */
const placeOf = (row: Row, names: readonly string[]): string => JSON.stringify(names.map((name) => row[name]));

/** As SQLite stores them. */
function valuesOf({ table }: ScopedTable, theirs: readonly string[], row: Row, names: readonly string[]): unknown[] {
  const columns = columnsOf(table);
  return names.map((name, i) => {
    const value = row[name];
    return value === null ? null : columns[theirs[i] as string]?.mapToDriverValue(value);
  });
}
