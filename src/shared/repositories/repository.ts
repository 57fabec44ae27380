import { type Column, getTableColumns, type InferSelectModel, type SQL, sql } from "drizzle-orm";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import type { Scope } from "../auth/scope.ts";
import type { ReadSession } from "./read-session.ts";

/** What reads go through: a session, which keeps them in order on replicas and repeats them, or D1 itself. */
export type ReadHandle = ReadSession | D1Database | D1DatabaseSession;

type RowOf<T extends SQLiteTable> = InferSelectModel<T>;
type ColumnName<T extends SQLiteTable> = keyof RowOf<T> & string;

type Find<T extends SQLiteTable, Name extends ColumnName<T>> = {
  /** The columns to read; a row has these and no others. */
  readonly select: readonly Name[];
  readonly where?: SQL | undefined;
  readonly orderBy?: readonly SQL[];
  readonly limit?: number;
};

/** Reads over one table, typed by it. Which rows a scope may see is up to the repository of each table. */
export abstract class Repository<T extends SQLiteTable> {
  readonly #database: DrizzleD1Database;
  readonly #table: T;

  constructor(handle: ReadHandle, table: T) {
    // drizzle 0.45 has no type for sessions; it uses only what all of these have.
    this.#database = drizzle(handle as unknown as D1Database);
    this.#table = table;
  }

  /** @param from where the rows come from when not straight from the table: a SELECT of its columns, and more */
  protected async findMany<Name extends ColumnName<T>>(
    { select, where, orderBy = [], limit }: Find<T, Name>,
    from?: SQL,
  ): Promise<Pick<RowOf<T>, Name>[]> {
    const all: Record<string, SQLiteColumn> = getTableColumns(this.#table);
    // Drizzle refuses a bare column unless it knows the source to be its table; as SQL it takes it.
    const columns = Object.fromEntries(
      select.map((name) => [name, sql`${all[name]}`.mapWith(all[name] as SQLiteColumn)]),
    );
    const source = from ? sql`(${from}) AS ${this.#table}` : sql`${this.#table}`;
    const query = this.#database.select(columns).from(source).where(where).$dynamic();
    if (orderBy.length > 0) query.orderBy(...orderBy);
    if (limit !== undefined) query.limit(limit);
    return (await query) as unknown as Pick<RowOf<T>, Name>[];
  }

  /**
   * Rows by id, in no order. One bound parameter carries any number of ids, and CROSS JOIN keeps them the outer loop,
   * so this reads the rows it returns: about two thirds of what `IN (SELECT value …)` reads.
   * @param on matches a row of the table to `ids.value`
   */
  protected findManyById<Name extends ColumnName<T>>(
    ids: readonly unknown[],
    { on, ...find }: Find<T, Name> & { readonly on: SQL },
  ): Promise<Pick<RowOf<T>, Name>[]> {
    return this.findMany(
      find,
      sql`SELECT ${this.#table}.* FROM ${eachOf(ids)} AS ids CROSS JOIN ${this.#table} ON ${on}`,
    );
  }
}

/** A table of one column, `value`, out of one bound parameter. D1 takes at most 100 of those a statement. */
export const eachOf = (values: readonly unknown[]): SQL => sql`json_each(${JSON.stringify(values)})`;

/** True for rows whose dealer is the scope's own; no condition for who may see every dealer's. */
export function ofOwnDealer(scope: Scope, dealerId: Column | SQL): SQL | undefined {
  if (scope.role !== "dealer") return undefined;
  const [only, ...others] = scope.dealerIds;
  // One id as an equality lets an index serve the order as well as the condition.
  if (only !== undefined && others.length === 0) return sql`${dealerId} = ${only}`;
  return sql`${dealerId} IN (SELECT value FROM ${eachOf(scope.dealerIds)})`;
}

/** Text from `prefix` on that begins with it, as a range, which an index can answer and LIKE cannot. */
export const startsWith = (column: Column | SQL, prefix: string): SQL =>
  sql`${column} >= ${prefix} AND ${column} < ${`${prefix}\u{10FFFF}`}`;
