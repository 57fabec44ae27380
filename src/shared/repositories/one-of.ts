import { type Column, type SQL, sql } from "drizzle-orm";

/** A table with the column `value`, from one bound parameter. D1 allows at most 100 parameters in a statement. */
export const jsonEach = (values: readonly unknown[]): SQL => sql`json_each(${JSON.stringify(values)})`;

/** Whether a column is one of `values`, as SQLite stores them: text or numbers. */
export const isOneOf = (column: Column | SQL, values: readonly unknown[]): SQL =>
  sql`${column} IN (SELECT value FROM ${jsonEach(values)})`;

/** Whether a column is one of `texts`. */
export const inTexts = (column: Column, texts: readonly string[]): SQL => isOneOf(column, texts);

/** The size of one statement's JSON parameter. D1 refuses strings over 2 MB; ours leaves room for escapes. */
export const MAX_STATEMENT = { maxBytes: 1_000_000, maxItems: 1_000 };

/** The values that two conditions on one column leave, each once: a value, and a list of them. `undefined` for any value. */
export function valuesOf<T>(
  one: T | null | undefined,
  several: readonly T[] | null | undefined,
): readonly T[] | undefined {
  if (several == null) return one == null ? undefined : [one];
  const values = [...new Set(several)];
  return one == null ? values : values.filter((value) => value === one);
}
