import { and, asc, desc, getTableColumns, isNotNull, isNull, or, type SQL, sql } from "drizzle-orm";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import * as z from "zod";
import type { Cursor, PageRequest } from "./page.ts";

/** What lies from `from` on and before `to`, as the column has it; open where one is absent. */
export type Stretch = { readonly from?: string | null | undefined; readonly to?: string | null | undefined };

export const within = (column: SQLiteColumn | SQL, { from, to }: Stretch): SQL | undefined =>
  and(from == null ? undefined : sql`${column} >= ${from}`, to == null ? undefined : sql`${column} < ${to}`);

/** A column of moments, in a cursor. */
export const MomentText = z.string().max(48);

/** All text that begins with `prefix`: an index can answer a stretch, and cannot answer LIKE. */
export const startingWith = (prefix: string): Stretch => ({ from: prefix, to: `${prefix}\u{10FFFF}` });

/** Hides a column from the planner: the condition is checked, and leads to no index. */
export const checked = (column: SQLiteColumn): SQL => sql`+${column}`;

type Shape<Name extends string> = Readonly<Record<Name, z.ZodType<string | null>>>;
type Key = readonly [string | null, ...(string | null)[]];

/**
 * How a list is sorted: by columns that together tell any two rows apart, all upwards or all downwards, as an index has
 * them. Only the first may be NULL, which SQLite takes for less than any text.
 */
export class Keyset<Name extends string> {
  /** The shape of this order's cursors, which are the same in both directions. */
  readonly cursor: z.ZodType<Cursor>;
  readonly #table: SQLiteTable;
  readonly #name: string;
  readonly #shape: Shape<Name>;
  readonly #isDescending: boolean;
  readonly #columns: readonly SQLiteColumn[];

  /** @param shape of the columns that a row is sorted by, in that order */
  constructor(table: SQLiteTable, name: string, shape: Shape<Name>, direction: "ascending" | "descending") {
    this.#table = table;
    this.#name = name;
    this.#shape = shape;
    this.#isDescending = direction === "descending";
    const columns: Record<string, SQLiteColumn> = getTableColumns(table);
    this.#columns = Object.keys(shape).map((column) => columns[column] as SQLiteColumn);
    const members = [z.literal(name), ...Object.values<z.ZodType<string | null>>(shape)] as const;
    // zod has a type for tuples of a known length only.
    this.cursor = z.tuple(members) as z.ZodType as z.ZodType<Cursor>;
  }

  get #names(): readonly Name[] {
    return Object.keys(this.#shape) as Name[];
  }

  get reversed(): Keyset<Name> {
    return new Keyset(this.#table, this.#name, this.#shape, this.#isDescending ? "ascending" : "descending");
  }

  cursorOf(row: Readonly<Record<Name, string | null>>): Cursor {
    return [this.#name, ...this.#names.map((name) => row[name])];
  }

  /** The order in which a page is read: from the end that it is asked from. */
  orderBy(page: PageRequest): SQL[] {
    return this.#columns.map(this.#readsDownwards(page) ? desc : asc);
  }

  /**
   * The conditions under which a page's rows are read, one after the other until the page is full. Rows without the
   * first column are a part of their own, because one condition over both would keep an index from jumping to a cursor.
   * @param stretch of the first column; rows without it are not in it
   */
  parts(page: PageRequest, stretch: Stretch = {}): (SQL | undefined)[] {
    const [low, high] = this.#boundsOf(page);
    const isBounded = low !== null || high !== null || stretch.from != null || stretch.to != null;
    if (!this.#mayLackFirst || !isBounded) return [this.#withFirst(low, high, stretch)];
    const parts = [
      ...(stretch.from == null && stretch.to == null ? this.#withoutFirst(low, high) : []),
      ...(high?.[0] === null ? [] : [and(isNotNull(this.#first), this.#withFirst(low, high, stretch))]),
    ];
    return this.#readsDownwards(page) ? parts.toReversed() : parts;
  }

  get #first(): SQLiteColumn {
    return this.#columns[0] as SQLiteColumn;
  }

  get #mayLackFirst(): boolean {
    return !this.#first.notNull;
  }

  #readsDownwards({ from }: PageRequest): boolean {
    return this.#isDescending === (from === "start");
  }

  #boundsOf({ after, before }: PageRequest): [low: Key | null, high: Key | null] {
    const [low, high] = this.#isDescending ? [before, after] : [after, before];
    return [this.#keyIn(low), this.#keyIn(high)];
  }

  #keyIn(cursor: Cursor | null): Key | null {
    if (cursor === null) return null;
    const [name, ...key] = cursor;
    if (name !== this.#name) throw new RangeError(`a cursor of ${name} in a list by ${this.#name}`);
    return key as unknown as Key;
  }

  /** A cursor bounds its side more tightly than a stretch, and SQLite cannot know that: there the stretch is checked. */
  #withFirst(low: Key | null, high: Key | null, { from, to }: Stretch): SQL | undefined {
    const isAbove = low !== null && low[0] !== null;
    return and(
      within(isAbove ? checked(this.#first) : this.#first, { from }),
      within(high ? checked(this.#first) : this.#first, { to }),
      isAbove ? sql`${this.#row()} > ${tupleOf(low)}` : undefined,
      high ? sql`${this.#row()} < ${tupleOf(high)}` : undefined,
    );
  }

  /** No part at all where the rows are asked for that lie above one that has its first column. */
  #withoutFirst(low: Key | null, high: Key | null): SQL[] {
    if (low !== null && low[0] !== null) return [];
    const condition = and(
      isNull(this.#first),
      low ? sql`${this.#row(1)} > ${tupleOf(low.slice(1))}` : undefined,
      high && high[0] === null ? sql`${this.#row(1)} < ${tupleOf(high.slice(1))}` : undefined,
    );
    return condition ? [condition] : [];
  }

  #row(from = 0): SQL {
    return sql`(${sql.join(this.#columns.slice(from), sql`, `)})`;
  }
}

const tupleOf = (key: readonly (string | null)[]): SQL =>
  sql`(${sql.join(
    key.map((value) => sql`${value}`),
    sql`, `,
  )})`;

/** All parts of a keyset at once, for rows that are read whole anyway. */
export const anyOf = (parts: readonly (SQL | undefined)[]): SQL | undefined =>
  parts.includes(undefined) ? undefined : or(sql`false`, ...parts);
