import { and, isNotNull, isNull, type SQL, sql } from "drizzle-orm";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import { inRange, prefixRange } from "./keyset.ts";
import { isOneOf } from "./one-of.ts";
import { columnsNamed } from "./scoped-table.ts";
import type { ColumnName, RowOf } from "./table-reader.ts";

type DataOf<T extends SQLiteTable, Name extends ColumnName<T>> = NonNullable<RowOf<T>[Name]>;
type Scalar = string | number | boolean | Date;

/** The columns that conditions and orders may name: those of text, numbers, booleans and times, and none of JSON. */
export type ScalarName<T extends SQLiteTable> = {
  [Name in ColumnName<T>]: DataOf<T, Name> extends Scalar ? Name : never;
}[ColumnName<T>];

/** What a column's value has to be. Text is compared as SQLite does, by code points, and case matters. */
export type Condition<Value> =
  /** Equal; `null` for a column without a value. */
  | Value
  | null
  /** One of any number of values. They take one bound parameter. */
  | { readonly in: readonly Value[] }
  /** Not equal. A column without a value is not equal to any. */
  | { readonly not: Value | null }
  /** From `from`, inclusive, to `to`, exclusive; open if one is absent. */
  | { readonly from?: Value | undefined; readonly to?: Value | undefined }
  | (Value extends string ? { readonly startsWith: string } : never);

/** Conditions on columns, all of which have to hold. `undefined` is no condition, unlike `null`. */
export type Where<T extends SQLiteTable> = {
  readonly [Name in ScalarName<T>]?: Condition<DataOf<T, Name>> | undefined;
};

/** @param hide from indexes: `unindexed`, for columns whose index is not to be used */
export function matching(
  table: SQLiteTable,
  where: object,
  hide: (column: SQLiteColumn, name: string) => SQL = (column) => sql`${column}`,
): SQL | undefined {
  const asked = Object.entries(where).filter(([, condition]) => condition !== undefined);
  const columns = columnsNamed(
    table,
    asked.map(([name]) => name),
  );
  return and(
    ...asked.map(([name, condition], i) => {
      const column = columns[i] as SQLiteColumn;
      return isMatch(hide(column, name), condition as Condition<Scalar>, (value) => column.mapToDriverValue(value));
    }),
  );
}

function isMatch(column: SQL, condition: Condition<Scalar>, stored: (value: Scalar) => unknown): SQL | undefined {
  if (condition === null) return isNull(column);
  if (typeof condition !== "object" || condition instanceof Date) return sql`${column} = ${stored(condition)}`;
  if ("in" in condition) return isOneOf(column, condition.in.map(stored));
  if ("not" in condition) {
    return condition.not === null ? isNotNull(column) : sql`${column} IS NOT ${stored(condition.not)}`;
  }
  if ("startsWith" in condition) return inRange(column, prefixRange(condition.startsWith));
  const bound = (value: Scalar | undefined) => (value === undefined ? null : (stored(value) as string | number));
  return inRange(column, { from: bound(condition.from), to: bound(condition.to) });
}

/** Whether a condition names single values, so that its column finds the rows. */
export const isNamed = (condition: unknown): boolean =>
  condition != null && (typeof condition !== "object" || condition instanceof Date || "in" in condition);
