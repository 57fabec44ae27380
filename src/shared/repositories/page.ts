import type * as z from "zod";
import { decodeCursor, encodeCursor } from "#base/cursor-text.ts";
import { compareText } from "#domain/version.ts";

/** Rows of a page that names no size. Our choice. */
export const DEFAULT_PAGE_SIZE = 20;
/** The most rows of one page. Our choice: a page of devices with all that the schema nests stays within a request's budget. */
export const MAX_PAGE_SIZE = 100;

/** A client's page arguments, unchecked: `first` from the start or `last` from the end, between two cursors. */
export type PageArgs = {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
};

/** A position in a list: the list's name and a row's sort key. Clients get it as opaque text. */
export type Cursor = readonly [list: string, ...key: (string | number | null)[]];

/** Checked page arguments: `size` rows, from the start or the end of the rows between `after` and `before`. */
export type PageRequest = {
  readonly size: number;
  readonly from: "start" | "end";
  readonly after: Cursor | null;
  readonly before: Cursor | null;
};

export type BadPage =
  | { readonly reason: "two_sizes" }
  | { readonly reason: "bad_size"; readonly argument: "first" | "last"; readonly max: number }
  | { readonly reason: "bad_cursor"; readonly argument: "after" | "before" };

/** Checked page arguments, or what is wrong with them. */
export type ParsedPage =
  | { readonly ok: true; readonly page: PageRequest }
  | { readonly ok: false; readonly problem: BadPage };

/**
 * Checks a client's page arguments. Never throws.
 * @param cursor the schema of this list's cursors; one of another list or order is a `bad_cursor`
 */
export function parsePage(args: PageArgs, cursor: z.ZodType<Cursor>): ParsedPage {
  const { first, last } = args;
  if (first != null && last != null) return { ok: false, problem: { reason: "two_sizes" } };
  const argument = last != null ? "last" : "first";
  const size = first ?? last ?? DEFAULT_PAGE_SIZE;
  if (!Number.isInteger(size) || size < 0 || size > MAX_PAGE_SIZE) {
    return { ok: false, problem: { reason: "bad_size", argument, max: MAX_PAGE_SIZE } };
  }
  const after = parseCursor(args.after, cursor);
  if (after === undefined) return { ok: false, problem: { reason: "bad_cursor", argument: "after" } };
  const before = parseCursor(args.before, cursor);
  if (before === undefined) return { ok: false, problem: { reason: "bad_cursor", argument: "before" } };
  return { ok: true, page: { size, from: argument === "last" ? "end" : "start", after, before } };
}

/** The error message for the client's developer. */
export function describeBadPage(problem: BadPage): string {
  switch (problem.reason) {
    case "two_sizes":
      return "Give either `first` or `last`.";
    case "bad_size":
      return `\`${problem.argument}\` must be between 0 and ${problem.max}.`;
    case "bad_cursor":
      return `\`${problem.argument}\` is not a cursor of this list in this order; pass one as you got it.`;
  }
}

/** A row of a page, and the cursor that says where it is. */
export type Edge<T> = { readonly cursor: string; readonly node: T };

/** A part of a list, in the list's order, and whether there is more before and after it. Shape: Relay's connections. */
export type Page<T> = {
  readonly edges: readonly Edge<T>[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
};

/** A page of a list that has nothing. */
export const EMPTY_PAGE: Page<never> = {
  edges: [],
  pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
};

/** Rows to read for a page: one more than its size, to know whether another page follows. */
export const rowsFor = ({ size }: PageRequest): number => size + 1;

/** Maps a row to its cursor and its node. */
export type EdgeOf<Row, T> = { readonly cursor: (row: Row) => Cursor; readonly node: (row: Row) => T };

/**
 * A page of rows that were read in the order of the request, from the start or from the end. A cursor is a row that the
 * client has seen, so there is always another page on its other side.
 * @param rows up to `rowsFor(page)` of them; more are ignored
 */
export function toPage<Row, T>(rows: readonly Row[], page: PageRequest, { cursor, node }: EdgeOf<Row, T>): Page<T> {
  const read = rows.slice(0, page.size);
  const shown = page.from === "start" ? read : read.toReversed();
  const edges = shown.map((row) => ({ cursor: encodeCursor(cursor(row)), node: node(row) }));
  const hasMore = rows.length > page.size;
  return {
    edges,
    pageInfo: {
      hasNextPage: page.before !== null || (page.from === "start" && hasMore),
      hasPreviousPage: page.after !== null || (page.from === "end" && hasMore),
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

/**
 * A page of a list that has been read as a whole.
 * @param rows in the order of the list, which is that of their cursors
 */
export function pageFromAll<Row, T>(
  rows: readonly Row[],
  { after, before, ...page }: PageRequest,
  { direction, ...edge }: EdgeOf<Row, T> & { readonly direction: "ascending" | "descending" },
): Page<T> {
  const [low, high] = direction === "ascending" ? [after, before] : [before, after];
  const between = rows.filter((row) => {
    const cursor = edge.cursor(row);
    return (!low || compareCursors(cursor, low) > 0) && (!high || compareCursors(cursor, high) < 0);
  });
  return toPage(page.from === "start" ? between : between.toReversed(), { ...page, after, before }, edge);
}

/** The order of two cursors of one list, in which no value sorts lowest. */
export const compareCursors = (a: Cursor, b: Cursor): number =>
  a.map((part, i) => compareParts(part, b[i] ?? null)).find((order) => order !== 0) ?? 0;

/** The order of two values of a column, as SQLite has it: no value is lowest, and text is compared by code points. */
export function compareParts(a: string | number | null, b: string | number | null): number {
  if (a === null || b === null) return Number(b === null) - Number(a === null);
  return typeof a === "number" ? a - Number(b) : compareText(a, String(b));
}

/** @returns `null` for no cursor, `undefined` for an invalid one */
function parseCursor(text: string | null | undefined, shape: z.ZodType<Cursor>): Cursor | null | undefined {
  return text == null ? null : shape.safeParse(decodeCursor(text)).data;
}
