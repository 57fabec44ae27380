import { and, asc, desc, getTableColumns, isNotNull, isNull, or, type SQL, sql } from "drizzle-orm";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import * as z from "zod";
import { type Cursor, compareParts, type PageRequest } from "./page.ts";

/** Values of a column from `from`, inclusive, to `to`, exclusive; open if one is absent. */
export type KeyRange<T = string> = { readonly from?: T | null | undefined; readonly to?: T | null | undefined };

export const inRange = (column: SQLiteColumn | SQL, { from, to }: KeyRange<string | number>): SQL | undefined =>
  and(from == null ? undefined : sql`${column} >= ${from}`, to == null ? undefined : sql`${column} < ${to}`);

/** Whether a value is in one of the ranges; of no range, none is. */
export const isInRanges = (column: SQLiteColumn | SQL, ranges: readonly KeyRange<string | number>[]): SQL | undefined =>
  anyPart(ranges.map((range) => inRange(column, range)));

/** A column of moments, in a cursor. */
export const MomentText = z.string().max(48);

/** All text that begins with `prefix`, as a range: an index serves that, and not LIKE. */
export const prefixRange = (prefix: string): KeyRange => ({ from: prefix, to: `${prefix}\u{10FFFF}` });

/** A column as a term that SQLite uses no index for: the unary plus of sqlite.org/optoverview.html. */
export const unindexed = (column: SQLiteColumn): SQL => sql`+${column}`;

type Part = string | number | null;
type Shape<Name extends string> = Readonly<Record<Name, z.ZodType<Part>>>;
type Key = readonly [Part, ...Part[]];
type Bounds = readonly [low: Key | null, high: Key | null];

/** What a repository asks of the order of a list, whichever columns that has. */
export type Ordering = {
  readonly cursor: z.ZodType<Cursor>;
  /** The columns that it sorts by, first to last, as the table's declaration names them. */
  readonly names: readonly string[];
  readonly reversed: Ordering;
  /** The order in which a page is read: from the start or the end of the list, as requested. */
  orderBy(page: PageRequest): SQL[];
  /** Whether a page is read from the greatest key to the least. */
  readsDownwards(page: PageRequest): boolean;
  /** The conditions of a page's rows, to be read one after the other until the page is full. */
  parts(page: PageRequest, ranges?: readonly KeyRange[]): (SQL | undefined)[];
  /** The cursor of a row: its place in this order. */
  toCursor(row: never): Cursor;
};

/**
 * The order of a list: by columns that are unique together, all ascending or all descending, like an index. Only the first
 * may be NULL, which SQLite sorts before any text.
 */
export class Keyset<Name extends string> implements Ordering {
  /** The schema of this order's cursors, which are the same in both directions. */
  readonly cursor: z.ZodType<Cursor>;
  readonly #table: SQLiteTable;
  readonly #name: string;
  readonly #shape: Shape<Name>;
  readonly #isDescending: boolean;
  readonly #columns: readonly SQLiteColumn[];

  /** @param shape the schemas of the columns to sort by, in that order */
  constructor(table: SQLiteTable, name: string, shape: Shape<Name>, direction: "ascending" | "descending") {
    this.#table = table;
    this.#name = name;
    this.#shape = shape;
    this.#isDescending = direction === "descending";
    const columns: Record<string, SQLiteColumn> = getTableColumns(table);
    this.#columns = Object.keys(shape).map((column) => columns[column] as SQLiteColumn);
    const members = [z.literal(name), ...Object.values<z.ZodType<Part>>(shape)] as const;
    // zod has a type for tuples of a known length only.
    this.cursor = z.tuple(members) as z.ZodType as z.ZodType<Cursor>;
  }

  get names(): readonly Name[] {
    return Object.keys(this.#shape) as Name[];
  }

  /** The same columns the other way round. */
  get reversed(): Keyset<Name> {
    return new Keyset(this.#table, this.#name, this.#shape, this.#isDescending ? "ascending" : "descending");
  }

  /** The cursor of a row: its place in this order. */
  toCursor(row: Readonly<Record<Name, unknown>>): Cursor {
    return [this.#name, ...this.names.map((name, i) => this.#stored(i, row[name]))];
  }

  /** The order in which a page is read: from the start or the end of the list, as requested. */
  orderBy(page: PageRequest): SQL[] {
    return this.#columns.map(this.readsDownwards(page) ? desc : asc);
  }

  /**
   * The conditions of a page's rows, to be read one after the other until the page is full. Rows that have NULL in the first
   * column are a part of their own, because with one condition for both, SQLite could not seek to a cursor in the index.
   * @param ranges of the first column, ascending, without a value that two of them have; rows with NULL are outside of
   * every range that has a bound
   */
  parts(page: PageRequest, ranges: readonly KeyRange[] = [{}]): (SQL | undefined)[] {
    const bounds = this.#boundsOf(page);
    const parts = ranges.flatMap((range) => this.#partsIn(range, bounds));
    return this.readsDownwards(page) ? parts.toReversed() : parts;
  }

  /** Ascending. */
  #partsIn(range: KeyRange, [low, high]: Bounds): (SQL | undefined)[] {
    const isBounded = low !== null || high !== null || range.from != null || range.to != null;
    if (!this.#mayLackFirst || !isBounded) return this.#withFirst(low, high, range);
    return [
      ...(range.from == null && range.to == null ? this.#withoutFirst(low, high) : []),
      ...(high?.[0] === null ? [] : this.#withFirst(low, high, range).map((part) => and(isNotNull(this.#first), part))),
    ];
  }

  /** A value as SQLite stores it and compares it: a time as its number. */
  #stored(column: number, value: unknown): Part {
    return value === null ? null : (this.#columns[column]?.mapToDriverValue(value) as Part);
  }

  get #first(): SQLiteColumn {
    return this.#columns[0] as SQLiteColumn;
  }

  get #mayLackFirst(): boolean {
    return !this.#first.notNull;
  }

  readsDownwards({ from }: PageRequest): boolean {
    return this.#isDescending === (from === "start");
  }

  #boundsOf({ after, before }: PageRequest): Bounds {
    const [low, high] = this.#isDescending ? [before, after] : [after, before];
    return [this.#keyIn(low), this.#keyIn(high)];
  }

  #keyIn(cursor: Cursor | null): Key | null {
    if (cursor === null) return null;
    const [name, ...key] = cursor;
    if (name !== this.#name) throw new RangeError(`a cursor of ${name} in a list by ${this.#name}`);
    return key as unknown as Key;
  }

  /**
   * At each end, the tighter of the range's bound and the cursor: SQLite could begin at the other one. Empty if no row can
   * be between them.
   */
  #withFirst(low: Key | null, high: Key | null, { from, to }: KeyRange): (SQL | undefined)[] {
    const above = low !== null && low[0] !== null && (from == null || compareParts(low[0], from) >= 0) ? low : null;
    const below = high !== null && (to == null || compareParts(high[0], to) < 0) ? high : null;
    if (above && to != null && compareParts(above[0], to) >= 0) return [];
    if (below && from != null && compareParts(below[0], from) < 0) return [];
    return [
      and(
        inRange(this.#first, { from: above ? null : from, to: below ? null : to }),
        above ? sql`${this.#row()} > ${toTuple(above)}` : undefined,
        below ? sql`${this.#row()} < ${toTuple(below)}` : undefined,
      ),
    ];
  }

  /** Empty if the lower bound has a value in the first column: rows with NULL all sort below it. */
  #withoutFirst(low: Key | null, high: Key | null): SQL[] {
    if (low !== null && low[0] !== null) return [];
    const condition = and(
      isNull(this.#first),
      low ? sql`${this.#row(1)} > ${toTuple(low.slice(1))}` : undefined,
      high && high[0] === null ? sql`${this.#row(1)} < ${toTuple(high.slice(1))}` : undefined,
    );
    return condition ? [condition] : [];
  }

  #row(from = 0): SQL {
    return sql`(${sql.join(this.#columns.slice(from), sql`, `)})`;
  }
}

const toTuple = (key: readonly Part[]): SQL =>
  sql`(${sql.join(
    key.map((value) => sql`${value}`),
    sql`, `,
  )})`;

/** All parts of a keyset as one condition, for rows that are all read anyway. */
export const anyPart = (parts: readonly (SQL | undefined)[]): SQL | undefined =>
  parts.includes(undefined) ? undefined : or(sql`false`, ...parts);
