import { and, asc, desc, type SQL, sql } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import type { Scope } from "#auth/scope.ts";
import { type Ordering, unindexed } from "./keyset.ts";
import { type Page, type PageRequest, toPage } from "./page.ts";
import { type Include, type Included, type Lookup, type Relation, type Relations, readRelated } from "./relation.ts";
import { columnsNamed, type ScopedTable, storedIds } from "./scoped-table.ts";
import { type ColumnName, isOfId, type ReadHandle, type RowOf, TableReader } from "./table-reader.ts";
import { isNamed, matching, type ScalarName, type Where } from "./where.ts";

/** How many rows `findMany`, `findByIds`, `groupBy` and a relation return at most. Our choice: an answer of D1 is held in memory. */
export const MAX_ROWS = 1_000;

/**
 * The id of a repository's rows: the value of the key's column, or an object with those of a key of several columns.
 * `never` for a `Repository<…>` whose key is not known, so that it takes any repository of its table.
 */
export type IdOf<R> = R extends { readonly rows: ScopedTable<infer T, infer Key> }
  ? number extends Key["length"]
    ? never
    : Key extends readonly [infer Only extends ColumnName<T>]
      ? RowOf<T>[Only]
      : Readonly<Pick<RowOf<T>, Key[number]>>
  : never;

type RelationsOf<R> = R extends { readonly relations: infer Known } ? Known : never;
type OrderName<R> = R extends { readonly orders: infer Orders } ? keyof Orders & string : never;

/** Exactly the columns of `select`, and the relations of `include`. */
export type Found<R, T extends SQLiteTable, Name extends ColumnName<T>, Asked> = Pick<RowOf<T>, Name> &
  Included<RelationsOf<R>, Asked>;

/** Names only relations that there are: TypeScript lets a type parameter have members that its bound does not. */
type Known<R, Asked> = Asked & { readonly [Name in Exclude<keyof Asked, keyof RelationsOf<R>>]: never };

type Columns<R, T extends SQLiteTable, Name extends ColumnName<T>, Asked> = {
  /** The columns to read; a row has these and no others. */
  readonly select: readonly Name[];
  /** The relations to read along, each in one statement for all rows, and under the same scope. */
  readonly include?: Known<R, Asked>;
};

type FindMany<R, T extends SQLiteTable, Name extends ColumnName<T>, Asked> = Columns<R, T, Name, Asked> & {
  readonly where?: Where<T>;
  readonly orderBy?: OrderBy<T>;
  readonly limit: number;
};

type FindPage<R, T extends SQLiteTable, Name extends ColumnName<T>, Asked> = Columns<R, T, Name, Asked> & {
  readonly where?: Where<T>;
  readonly orderBy: OrderName<R>;
  readonly direction?: "asc" | "desc";
};

/** By one column or by several in turn. */
export type OrderBy<T extends SQLiteTable> = readonly (
  | ScalarName<T>
  | readonly [column: ScalarName<T>, direction: "asc" | "desc"]
)[];

/**
 * Typed reads of one table, each under a scope. A subclass names the table's rows, orders and relations:
 *
 *     class VisitRepository extends Repository<typeof visits> {
 *       readonly rows = VISITS; // scopedTable(visits, { key: ["id"], visibleTo: … })
 *       readonly orders = { START: keysetOf(VISITS, "VISITS_BY_START", ["startsAtMs"]) };
 *       readonly relations = { parts: many(PARTS, { id: "visitId" }) };
 *     }
 *
 * Every method takes the scope first. Rows out of scope are not returned, counted, grouped or included, whatever is
 * asked. All reads go to the handle, so they are as fresh as its session; in an outage they throw what D1 throws, which
 * `isOutage` recognises, and are safe to retry.
 */
export abstract class Repository<T extends SQLiteTable> {
  /** The table, its key, and what a scope may see of it. */
  abstract readonly rows: ScopedTable<T>;
  /** The orders of `findPage`, each with an index. */
  abstract readonly orders: Readonly<Record<string, Ordering>>;
  /** What `include` may name. */
  abstract readonly relations: Relations<T>;
  readonly #handle: ReadHandle;
  #reader: TableReader<T> | undefined;

  constructor(handle: ReadHandle) {
    this.#handle = handle;
  }

  /** Reads of the table that know no scope, for methods that a subclass adds: they apply `rows.visibleTo` themselves. */
  protected get unscoped(): TableReader<T> {
    this.#reader ??= new TableReader(this.#handle, this.rows.table);
    return this.#reader;
  }

  /** The row with this id, or `null` if there is none that the scope may see. Reads one row. */
  async findById<Name extends ColumnName<T>, const Asked extends Include<RelationsOf<this>> = object>(
    scope: Scope,
    id: IdOf<this>,
    columns: Columns<this, T, Name, Asked>,
  ): Promise<Found<this, T, Name, Asked> | null> {
    const [row = null] = await this.findByIds(scope, [id], columns);
    return row;
  }

  /**
   * Rows by id, in no particular order; those that do not exist or are out of scope are left out. The ids take one bound
   * parameter.
   * @param ids at most `MAX_ROWS`
   * @throws RangeError for more
   */
  async findByIds<Name extends ColumnName<T>, const Asked extends Include<RelationsOf<this>> = object>(
    scope: Scope,
    ids: readonly IdOf<this>[],
    columns: Columns<this, T, Name, Asked>,
  ): Promise<Found<this, T, Name, Asked>[]> {
    checkLimit(ids.length, "ids");
    if (ids.length === 0) return [];
    const rows = await this.unscoped.findManyById(storedIds(this.rows, ids), {
      select: this.#toRead(columns),
      on: isOfId(columnsNamed(this.rows.table, this.rows.key)),
      where: this.rows.visibleTo(scope),
    });
    return this.#complete(scope, rows, columns);
  }

  /**
   * Up to `limit` rows that match, ordered by columns. Without an index for the conditions or the order, D1 reads every
   * row; for lists that clients page through there is `findPage`.
   * @throws RangeError if the limit is not between 1 and `MAX_ROWS`
   */
  async findMany<Name extends ColumnName<T>, const Asked extends Include<RelationsOf<this>> = object>(
    scope: Scope,
    { where = {}, orderBy = [], limit, ...columns }: FindMany<this, T, Name, Asked>,
  ): Promise<Found<this, T, Name, Asked>[]> {
    checkLimit(limit, "limit");
    const { condition, from } = this.#seen(scope, where);
    const order = orderBy.map((by) => (typeof by === "string" ? ([by, "asc"] as const) : by));
    const rows = await this.unscoped.findMany(
      {
        select: this.#toRead(columns),
        where: condition,
        orderBy: columnsNamed(
          this.rows.table,
          order.map(([name]) => name),
        ).map((column, i) => (order[i]?.[1] === "desc" ? desc(column) : asc(column))),
        limit,
      },
      from,
    );
    return this.#complete(scope, rows, columns);
  }

  /**
   * A page of the rows that match, in one of the repository's orders, which is ascending unless `direction` says
   * otherwise. It begins at its cursor by the index of the order, so page 1,000 costs what page 1 does.
   * @param page from `parsePage(args, repository.orders.….cursor)`
   * @throws RangeError for a cursor of another order, which `parsePage` refuses
   */
  async findPage<Name extends ColumnName<T>, const Asked extends Include<RelationsOf<this>> = object>(
    scope: Scope,
    page: PageRequest,
    { where = {}, orderBy, direction = "asc", ...columns }: FindPage<this, T, Name, Asked>,
  ): Promise<Page<Found<this, T, Name, Asked>>> {
    const ascending = this.orders[orderBy];
    if (!ascending) throw new RangeError(`there is no order ${JSON.stringify(orderBy)}. Nothing was read.`);
    const keyset = direction === "desc" ? ascending.reversed : ascending;
    const { condition, from } = this.#seen(scope, where);
    const select = this.#toRead(columns, keyset.names as ColumnName<T>[]);
    const slice = await this.unscoped.findSlice({ select, where: condition }, { page, keyset }, from);
    const found = await this.#complete(scope, slice, columns);
    const rows = slice.map((row, i) => ({ row, node: found[i] as Found<this, T, Name, Asked> }));
    return toPage(rows, page, { cursor: ({ row }) => keyset.toCursor(row as never), node: ({ node }) => node });
  }

  /** How many rows match, or `null` when there are more than `MAX_COUNT`. D1 reads each of them. */
  count(scope: Scope, { where = {} }: { readonly where?: Where<T> } = {}): Promise<number | null> {
    const { condition, from } = this.#seen(scope, where);
    return this.unscoped.count(condition, from);
  }

  /**
   * The rows that match, counted by the values of columns; largest groups first, and by those values where they are the
   * same size. D1 reads every row that matches.
   * @throws RangeError if the limit is not between 1 and `MAX_ROWS`
   */
  async groupBy<Name extends Exclude<ScalarName<T>, "count">>(
    scope: Scope,
    { by, where = {}, limit }: { readonly by: readonly Name[]; readonly where?: Where<T>; readonly limit: number },
  ): Promise<(Pick<RowOf<T>, Name> & { readonly count: number })[]> {
    checkLimit(limit, "limit");
    const { condition, from } = this.#seen(scope, where);
    return this.unscoped.groupBy({ by, where: condition, limit }, from);
  }

  /** The condition of a read, and where it reads from. */
  #seen(scope: Scope, where: Where<T>): { condition: SQL | undefined; from: SQL | undefined } {
    const { table, key, visibleTo, listedFor, isLedByScope = false } = this.rows;
    const visible = visibleTo(scope);
    // A row that is named by its key is found by that.
    const isFoundByKey = isNamed((where as Readonly<Record<string, unknown>>)[key[0] as string]);
    const isLed = visible !== undefined && (isLedByScope || listedFor !== undefined);
    const conditions = matching(table, where, (column, name) =>
      isLed && name !== key[0] ? unindexed(column) : sql`${column}`,
    );
    return { condition: and(visible, conditions), from: isFoundByKey ? undefined : listedFor?.(scope) };
  }

  /** The columns of `select`, those that find the included rows, and further ones. */
  #toRead<Name extends ColumnName<T>, Asked>(
    { select, include = {} as never }: Columns<this, T, Name, Asked>,
    further: readonly ColumnName<T>[] = [],
  ): ColumnName<T>[] {
    const linking = Object.keys(include).flatMap((name) => Object.keys(this.#relation(name).on) as ColumnName<T>[]);
    return [...new Set<ColumnName<T>>([...select, ...linking, ...further])];
  }

  #relation(name: string): Relation {
    const relation = Object.hasOwn(this.relations, name) ? this.relations[name] : undefined;
    if (!relation) throw new RangeError(`there is no relation ${JSON.stringify(name)}. Nothing was read.`);
    return relation as Relation;
  }

  /** Rows with the columns that were asked for and no others, and with what they include. */
  async #complete<Name extends ColumnName<T>, Asked>(
    scope: Scope,
    rows: readonly Partial<RowOf<T>>[],
    { select, include = {} as never }: Columns<this, T, Name, Asked>,
  ): Promise<Found<this, T, Name, Asked>[]> {
    const asked = Object.entries(include) as [string, { select: string[]; limit?: number }][];
    for (const [, { limit = 1 }] of asked) checkLimit(limit, "limit");
    const lookups = await Promise.all(
      asked.map(async ([name, what]): Promise<[string, Lookup]> => {
        const relation = this.#relation(name);
        const reader = new TableReader(this.#handle, relation.to.table);
        return [
          name,
          await readRelated(relation, what, { rows: rows as readonly Record<string, unknown>[], scope, reader }),
        ];
      }),
    );
    return rows.map((row) => {
      const own = select.map((name) => [name, row[name]] as const);
      const related = lookups.map(([name, lookup]) => [name, lookup(row as Record<string, unknown>)] as const);
      return Object.fromEntries([...own, ...related]) as Found<this, T, Name, Asked>;
    });
  }
}

/** @throws RangeError */
export function checkLimit(rows: number, name: "limit" | "ids"): void {
  if (rows > MAX_ROWS || (name === "limit" && !(Number.isInteger(rows) && rows >= 1))) {
    const problem = name === "ids" ? `${rows} ids are too many` : `${rows} is no limit`;
    throw new RangeError(`${problem}: at most ${MAX_ROWS} rows are read at once. Nothing was read.`);
  }
}
