import type * as z from "zod";
import { decodeCursor, encodeCursor } from "../cursor-text.ts";
import { compareText } from "../domain/version.ts";

export const DEFAULT_PAGE_SIZE = 20;
export const MAX_PAGE_SIZE = 100;

/** What a client asks for, as it came: `first` from the start or `last` from the end, between two cursors. */
export type PageArgs = {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
};

/** A row's place in a list: the list's name and the row's sort key. Clients see it as opaque text. */
export type Cursor = readonly [list: string, ...key: (string | null)[]];

/** What a client asks for, checked: so many rows from one end of what lies between two rows of the list. */
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

export type ParsedPage =
  | { readonly ok: true; readonly page: PageRequest }
  | { readonly ok: false; readonly problem: BadPage };

/** @param cursor the shape of this list's cursors; one of another list or order, or made up, is a `bad_cursor` */
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

/** For the developer of whoever asked. */
export function describeBadPage(problem: BadPage): string {
  switch (problem.reason) {
    case "two_sizes":
      return "Give either `first` or `last`.";
    case "bad_size":
      return `\`${problem.argument}\` must lie between 0 and ${problem.max}.`;
    case "bad_cursor":
      return `\`${problem.argument}\` is not a cursor of this list in this order; pass one as you got it.`;
  }
}

export type Edge<T> = { readonly cursor: string; readonly node: T };

export type Page<T> = {
  readonly edges: readonly Edge<T>[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
};

export const EMPTY_PAGE: Page<never> = {
  edges: [],
  pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
};

/** Rows to read for a page: one more than it shows, which tells whether another page follows. */
export const rowsFor = ({ size }: PageRequest): number => size + 1;

/** How rows become edges. */
export type EdgeOf<Row, T> = { readonly cursor: (row: Row) => Cursor; readonly node: (row: Row) => T };

/**
 * A page of rows that were read in order from the end of the list that the page is asked from. A cursor stands for a
 * row that the client has seen, so there is always something on its other side.
 * @param rows up to `rowsFor(page)` of them; more do no harm
 */
export function pageOf<Row, T>(rows: readonly Row[], page: PageRequest, { cursor, node }: EdgeOf<Row, T>): Page<T> {
  const read = rows.slice(0, page.size);
  const shown = page.from === "start" ? read : read.toReversed();
  const edges = shown.map((row) => ({ cursor: encodeCursor(cursor(row)), node: node(row) }));
  const goesOn = rows.length > page.size;
  return {
    edges,
    pageInfo: {
      hasNextPage: page.before !== null || (page.from === "start" && goesOn),
      hasPreviousPage: page.after !== null || (page.from === "end" && goesOn),
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

/**
 * A page of a list that is short enough to be read whole.
 * @param rows in the order of the list, which is that of their cursors
 */
export function pageOfAll<Row, T>(
  rows: readonly Row[],
  { after, before, ...page }: PageRequest,
  { direction, ...edge }: EdgeOf<Row, T> & { readonly direction: "ascending" | "descending" },
): Page<T> {
  const [low, high] = direction === "ascending" ? [after, before] : [before, after];
  const between = rows.filter((row) => {
    const cursor = edge.cursor(row);
    return (!low || compareCursors(cursor, low) > 0) && (!high || compareCursors(cursor, high) < 0);
  });
  return pageOf(page.from === "start" ? between : between.toReversed(), { ...page, after, before }, edge);
}

const compareCursors = (a: Cursor, b: Cursor): number =>
  a.map((part, i) => compareText(part ?? "", b[i] ?? "")).find((order) => order !== 0) ?? 0;

/** `null` where there is no cursor, `undefined` where there is a bad one. */
function parseCursor(text: string | null | undefined, shape: z.ZodType<Cursor>): Cursor | null | undefined {
  return text == null ? null : shape.safeParse(decodeCursor(text)).data;
}
