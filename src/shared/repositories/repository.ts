import { and, type Column, getTableColumns, type InferSelectModel, type SQL, sql } from "drizzle-orm";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import type { Scope } from "../auth/scope.ts";
import type { Keyset, Stretch } from "./keyset.ts";
import { type PageRequest, rowsFor } from "./page.ts";
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

/** Which rows of a list make a page. */
export type Slice = {
  readonly page: PageRequest;
  readonly keyset: Pick<Keyset<never>, "parts" | "orderBy">;
  /** Of the column that the list is sorted by first. */
  readonly stretch?: Stretch | undefined;
};

/** How far lists are counted. Counting reads what it counts, and nobody needs the number of a million devices. Ours. */
export const MAX_COUNT = 10_000;

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
    const query = this.#database.select(columns).from(this.#source(from)).where(where).$dynamic();
    if (orderBy.length > 0) query.orderBy(...orderBy);
    if (limit !== undefined) query.limit(limit);
    return (await query) as unknown as Pick<RowOf<T>, Name>[];
  }

  /** The rows of a page as `pageOf` wants them: in the order in which the page is read, and one more than it shows. */
  protected async findSlice<Name extends ColumnName<T>>(
    { select, where }: Pick<Find<T, Name>, "select" | "where">,
    { page, keyset, stretch }: Slice,
    from?: SQL,
  ): Promise<Pick<RowOf<T>, Name>[]> {
    const rows: Pick<RowOf<T>, Name>[] = [];
    for (const part of keyset.parts(page, stretch)) {
      const limit = rowsFor(page) - rows.length;
      if (limit === 0) break;
      rows.push(
        ...(await this.findMany({ select, where: and(where, part), orderBy: keyset.orderBy(page), limit }, from)),
      );
    }
    return rows;
  }

  /** How many rows there are, or `null` when there are more than `MAX_COUNT`. */
  protected async count(where: SQL | undefined, from?: SQL): Promise<number | null> {
    const [row] = await this.select<{ count: number }>(sql`SELECT ${this.#countOf(where, from)} AS count`);
    return countedOf(row?.count ?? 0);
  }

  /** The same of each parent's rows, in one statement. @param on matches a row of the table to `ids.value` */
  protected async countEach(
    ids: readonly string[],
    on: SQL,
    where: SQL | undefined,
  ): Promise<Map<string, number | null>> {
    const rows = await this.select<{ id: string; count: number }>(
      sql`SELECT ids.value AS id, ${this.#countOf(and(on, where))} AS count FROM ${eachOf(ids)} AS ids`,
    );
    return new Map(rows.map(({ id, count }) => [id, countedOf(count)]));
  }

  /** For what is not rows of the table. Columns come back as SQLite has them. */
  protected select<Row>(statement: SQL): Promise<Row[]> {
    return this.#database.all<Row>(statement);
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

  #countOf(where: SQL | undefined, from?: SQL): SQL {
    const condition = where && sql`WHERE ${where}`;
    return sql`(SELECT count(*) FROM (SELECT 1 FROM ${this.#source(from)} ${condition} LIMIT ${MAX_COUNT + 1}))`;
  }

  #source(from: SQL | undefined): SQL {
    return from ? sql`(${from}) AS ${this.#table}` : sql`${this.#table}`;
  }
}

const countedOf = (count: number): number | null => (count > MAX_COUNT ? null : count);

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
