import { type Column, getTableColumns, getTableName, type SQL, sql } from "drizzle-orm";
import { getTableConfig, type SQLiteColumn, type SQLiteTable } from "drizzle-orm/sqlite-core";
import * as z from "zod";
import type { Scope } from "#auth/scope.ts";
import { Keyset } from "./keyset.ts";
import { isOneOf } from "./one-of.ts";
import type { ColumnName } from "./table-reader.ts";

/**
 * A table, its key, and which of its rows a scope may see. Every read of a repository has this condition: of the rows it
 * returns, counts, groups, includes from a relation, and of those that it may write.
 */
export type ScopedTable<
  T extends SQLiteTable = SQLiteTable,
  Key extends readonly ColumnName<T>[] = readonly ColumnName<T>[],
> = {
  readonly table: T;
  /** The columns of the primary key. */
  readonly key: Key;
} & Visibility;

type Visibility = {
  /**
   * The condition for rows that a scope may see; `undefined` if it sees all of them. It names the table by its own name,
   * and may look into other tables.
   */
  readonly visibleTo: (scope: Scope) => SQL | undefined;
  /**
   * Whether an index finds the rows of `visibleTo`, as one on the dealer does. Then the other conditions of a dealer's
   * reads use none: SQLite has no statistics, and could choose one of theirs and read other dealers' rows.
   */
  readonly isLedByScope?: boolean;
  /**
   * For lists, where the scope's condition is in another table: a SELECT that finds a dealer's rows from there, with the
   * table's columns; `undefined` to walk the table. `visibleTo` is applied to its rows too.
   */
  readonly listedFor?: (scope: Scope) => SQL | undefined;
};

/** Declares what scopes may see of a table. @throws RangeError if `key` is not its primary key */
export function scopedTable<T extends SQLiteTable, const Key extends readonly ColumnName<T>[]>(
  table: T,
  declared: { readonly key: Key } & Visibility,
): ScopedTable<T, Key> {
  const given = columnsNamed(table, declared.key).map(({ name }) => name);
  const primary = primaryKeyOf(table);
  if (given.length !== primary.length || given.some((name) => !primary.includes(name))) {
    throw new RangeError(`the primary key of ${getTableName(table)} is (${primary}), and not (${given})`);
  }
  return { table, ...declared };
}

function primaryKeyOf(table: SQLiteTable): string[] {
  const { columns, primaryKeys } = getTableConfig(table);
  const key = primaryKeys[0]?.columns ?? columns.filter(({ primary }) => primary);
  return key.map(({ name }) => name);
}

/** A table's columns by their names. */
export const columnsOf = (table: SQLiteTable): Readonly<Record<string, SQLiteColumn>> => getTableColumns(table);

/** The columns of a table, in the order of their names. @throws RangeError for a name that it does not have */
export function columnsNamed(table: SQLiteTable, names: readonly string[]): SQLiteColumn[] {
  const columns = columnsOf(table);
  return names.map((name) => {
    const column = Object.hasOwn(columns, name) ? columns[name] : undefined;
    if (!column) throw new RangeError(`there is no column ${JSON.stringify(name)}. Nothing was read or written.`);
    return column;
  });
}

/** Ids as SQLite stores them, each once: the value of a key of one column, or an array of those of several. */
export function storedIds({ table, key }: ScopedTable, ids: readonly unknown[]): unknown[] {
  const columns = columnsNamed(table, key);
  const partOf = (id: unknown, name: string) =>
    key.length === 1 ? id : (id as Readonly<Record<string, unknown>>)[name];
  const stored = ids.map((id) => columns.map((column, i) => column.mapToDriverValue(partOf(id, key[i] as string))));
  return [...new Map(stored.map((parts) => [JSON.stringify(parts), parts.length === 1 ? parts[0] : parts])).values()];
}

/** True for rows whose dealer is in the scope; `undefined` for scopes that see all dealers. */
export function isOwnDealer(scope: Scope, dealerId: Column | SQL): SQL | undefined {
  if (scope.role !== "dealer") return undefined;
  const [only, ...others] = scope.dealerIds;
  // With an equality, the index serves the order as well as the condition.
  if (only !== undefined && others.length === 0) return sql`${dealerId} = ${only}`;
  return isOneOf(dealerId, scope.dealerIds);
}

/**
 * The order of a list, ascending: by columns, and then by the rest of the key, so that no two rows are in the same place.
 * Declare an index with the same columns, or every page sorts the whole table.
 * @param name of the list, in its cursors: a cursor of another list is refused
 * @param by only the first of them may be NULL; rows without a value come first
 * @throws RangeError if another column may be NULL, or one has neither text nor numbers
 */
export function keysetOf<T extends SQLiteTable, Name extends ColumnName<T>>(
  { table, key }: ScopedTable<T>,
  name: string,
  by: readonly Name[],
): Keyset<string> {
  const names = [...new Set<string>([...by, ...key])];
  const shape = columnsNamed(table, names).map((column, i) => {
    if (i > 0 && !column.notNull) throw new RangeError(`${name}: only the first column of an order may be NULL`);
    return [names[i], inCursor(column, name)];
  });
  return new Keyset(
    table,
    name,
    Object.fromEntries(shape) as Record<string, z.ZodType<string | number | null>>,
    "ascending",
  );
}

/** The longest text of a column in a cursor, in UTF-16 units; clients send cursors. Our choice. */
const MAX_CURSOR_TEXT = 1_024;

function inCursor(column: SQLiteColumn, list: string): z.ZodType<string | number | null> {
  const type = column.getSQLType();
  const stored = /^(text|integer|real|numeric)/.exec(type)?.[1];
  if (stored === undefined || column.dataType === "json") {
    throw new RangeError(`${list}: a list is sorted by text or numbers, and not by ${column.name}`);
  }
  const value = stored === "text" ? z.string().max(MAX_CURSOR_TEXT) : z.number();
  return column.notNull ? value : value.nullable();
}
