import type { D1Database, D1DatabaseSession } from "@cloudflare/workers-types";
import { and, type Column, desc, getTableColumns, type InferSelectModel, type SQL, sql } from "drizzle-orm";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import type { KeyRange, Ordering } from "./keyset.ts";
import { jsonEach } from "./one-of.ts";
import { compareCursors, type PageRequest, rowsFor } from "./page.ts";
import type { ReadSession } from "./read-session.ts";

/** Where reads go: a session, which is consistent over replicas and retries, or D1 itself. */
export type ReadHandle = ReadSession | D1Database | D1DatabaseSession;

/** A row of a table, as drizzle infers it. */
export type RowOf<T extends SQLiteTable> = InferSelectModel<T>;
/** The name of a table's column, as the table's declaration has it: `dealerId`, not `dealer_id`. */
export type ColumnName<T extends SQLiteTable> = keyof RowOf<T> & string;

type Find<T extends SQLiteTable, Name extends ColumnName<T>> = {
  /** The columns to read; a row has these and no others. */
  readonly select: readonly Name[];
  readonly where?: SQL | undefined;
  readonly orderBy?: readonly SQL[];
  readonly limit?: number;
};

/** The rows of a list that make a page. */
export type Slice = {
  readonly page: PageRequest;
  readonly keyset: Ordering;
  /** Of the first column of the sort key, ascending and disjoint. */
  readonly ranges?: readonly KeyRange[] | undefined;
};

/** Lists are counted up to this, because D1 reads every row that it counts. Our choice. */
export const MAX_COUNT = 10_000;

/**
 * The statements that a repository is made of: reads of one table. None of them knows a scope, so whoever calls one adds
 * the scope's condition, or reads from a SELECT that has it.
 */
export class TableReader<T extends SQLiteTable> {
  readonly #database: DrizzleD1Database;
  readonly #table: T;

  constructor(handle: ReadHandle, table: T) {
    // drizzle 0.45 has no type for sessions; it uses only what all of these have.
    this.#database = drizzle(handle as unknown as D1Database);
    this.#table = table;
  }

  /** @param from a SELECT of at least the table's columns, to read from instead of the table */
  async findMany<Name extends ColumnName<T>>(
    { select, where, orderBy = [], limit }: Find<T, Name>,
    from?: SQL,
  ): Promise<Pick<RowOf<T>, Name>[]> {
    const query = this.#database.select(this.#columns(select)).from(this.#source(from)).where(where).$dynamic();
    if (orderBy.length > 0) query.orderBy(...orderBy);
    if (limit !== undefined) query.limit(limit);
    return (await query) as unknown as Pick<RowOf<T>, Name>[];
  }

  /**
   * The rows of a page as `toPage` wants them: in the order in which the page is read, and one more than it shows.
   * @param from a SELECT to read from, or several that have no row in common: each is read in order, by an index, and
   * only as far as the page goes
   */
  async findSlice<Name extends ColumnName<T>>(
    { select, where }: Pick<Find<T, Name>, "select" | "where">,
    { page, keyset, ranges }: Slice,
    from?: SQL | readonly SQL[],
  ): Promise<Pick<RowOf<T>, Name>[]> {
    const sources = sourcesIn(from);
    const rows: Pick<RowOf<T>, Name>[] = [];
    for (const part of keyset.parts(page, ranges)) {
      const limit = rowsFor(page) - rows.length;
      if (limit === 0) break;
      const find = { select, where: and(where, part), orderBy: keyset.orderBy(page), limit };
      const found = await Promise.all(sources.map((source) => this.findMany(find, source)));
      rows.push(...(found.length === 1 ? (found[0] ?? []) : firstOf(found.flat(), limit, { page, keyset })));
    }
    return rows;
  }

  /** How many rows there are, or `null` when there are more than `MAX_COUNT`. @param from as for `findSlice` */
  async count(where: SQL | undefined, from?: SQL | readonly SQL[]): Promise<number | null> {
    const counted = await Promise.all(
      sourcesIn(from).map((source) =>
        this.select<{ count: number }>(sql`SELECT ${this.#countOf(where, source)} AS count`),
      ),
    );
    return boundedCount(counted.flat().reduce((sum, { count }) => sum + count, 0));
  }

  /** `count` for each parent, in one statement. @param where matches a row of the table to `ids.value`, among others */
  async countEach(ids: readonly string[], where: SQL | undefined, from?: SQL): Promise<Map<string, number | null>> {
    const rows = await this.select<{ id: string; count: number }>(
      sql`SELECT ids.value AS id, ${this.#countOf(where, from)} AS count FROM ${jsonEach(ids)} AS ids`,
    );
    return new Map(rows.map(({ id, count }) => [id, boundedCount(count)]));
  }

  /** Rows counted by the values of columns, the largest groups first. */
  async groupBy<Name extends ColumnName<T>>(
    { by, where, limit }: { readonly by: readonly Name[]; readonly where: SQL | undefined; readonly limit: number },
    from?: SQL,
  ): Promise<(Pick<RowOf<T>, Name> & { readonly count: number })[]> {
    const columns = this.#columns(by);
    const size = sql<number>`count(*)`;
    const query = this.#database
      .select({ ...columns, count: size.as("group_size") })
      .from(this.#source(from))
      .where(where)
      .groupBy(...Object.values(columns))
      .orderBy(desc(size), ...Object.values(columns))
      .limit(limit);
    return (await query) as unknown as (Pick<RowOf<T>, Name> & { count: number })[];
  }

  /** Runs any SELECT. Columns are returned as SQLite has them, unmapped. */
  select<Row>(statement: SQL): Promise<Row[]> {
    return this.#database.all<Row>(statement);
  }

  /**
   * Rows by id, in no particular order. One bound parameter has any number of ids, and CROSS JOIN makes them the outer
   * loop, so D1 reads only the rows that are returned: about two thirds of what `IN (SELECT value …)` reads.
   * @param on matches a row of the table to `ids.value`
   */
  findManyById<Name extends ColumnName<T>>(
    ids: readonly unknown[],
    { on, ...find }: Find<T, Name> & { readonly on: SQL },
  ): Promise<Pick<RowOf<T>, Name>[]> {
    return this.findMany(
      find,
      sql`SELECT ${this.#table}.* FROM ${jsonEach(ids)} AS ids CROSS JOIN ${this.#table} ON ${on}`,
    );
  }

  /** Drizzle rejects a plain column if the source is not its table; as SQL it accepts it. */
  #columns(names: readonly string[]): Record<string, SQL> {
    const all: Record<string, SQLiteColumn> = getTableColumns(this.#table);
    return Object.fromEntries(names.map((name) => [name, sql`${all[name]}`.mapWith(all[name] as SQLiteColumn)]));
  }

  #countOf(where: SQL | undefined, from?: SQL): SQL {
    const condition = where && sql`WHERE ${where}`;
    return sql`(SELECT count(*) FROM (SELECT 1 FROM ${this.#source(from)} ${condition} LIMIT ${MAX_COUNT + 1}))`;
  }

  #source(from: SQL | undefined): SQL {
    return from ? sql`(${from}) AS ${this.#table}` : sql`${this.#table}`;
  }
}

/** The most parts of one UNION: SQLite in Workers refuses more (SQLITE_LIMIT_COMPOUND_SELECT). */
const MAX_UNION = 5;

/** SELECTs without a row in common as few. SQLite merges their orders, and reads one row more of each than it returns. */
function sourcesIn(from: SQL | readonly SQL[] | undefined): (SQL | undefined)[] {
  if (from === undefined || "queryChunks" in from) return [from];
  const unions = Array.from({ length: Math.ceil(from.length / MAX_UNION) }, (_, i) =>
    from.slice(i * MAX_UNION, (i + 1) * MAX_UNION),
  );
  return unions.map((union) => sql.join([...union], sql` UNION ALL `));
}

/** The first rows of several lists together, in the order in which a page is read. */
function firstOf<Row>(rows: readonly Row[], limit: number, { page, keyset }: Pick<Slice, "page" | "keyset">): Row[] {
  const sign = keyset.readsDownwards(page) ? -1 : 1;
  const inOrder = rows.toSorted(
    (a, b) => sign * compareCursors(keyset.toCursor(a as never), keyset.toCursor(b as never)),
  );
  return inOrder.slice(0, limit);
}

const boundedCount = (count: number): number | null => (count > MAX_COUNT ? null : count);

/** Whether a row is that of an id in `jsonEach(…) AS ids`: the id's one value, or an array of the columns' values. */
export const isOfId = (columns: readonly Column[]): SQL =>
  columns.length === 1
    ? sql`${columns[0]} = ids.value`
    : sql.join(
        columns.map((column, i) => sql`${column} = ids.value ->> ${sql.raw(String(i))}`),
        sql` AND `,
      );
