import type * as z from "zod";

export const DEFAULT_PAGE_SIZE = 20;
export const MAX_PAGE_SIZE = 100;

/** What a client asks for, as it came. */
export type PageArgs = { readonly first?: number | null; readonly after?: string | null };

/** What a client asks for, checked. `after` is the sort key of the last row it has seen. */
export type PageRequest<Cursor> = { readonly first: number; readonly after: Cursor | null };

export type BadPage = { readonly reason: "bad_first"; readonly max: number } | { readonly reason: "bad_cursor" };

export type ParsedPage<Cursor> =
  | { readonly ok: true; readonly page: PageRequest<Cursor> }
  | { readonly ok: false; readonly problem: BadPage };

/** @param cursor the shape of this list's cursors; one of another list, or made up, is a `bad_cursor` */
export function parsePage<Cursor>({ first, after }: PageArgs, cursor: z.ZodType<Cursor>): ParsedPage<Cursor> {
  const size = first ?? DEFAULT_PAGE_SIZE;
  if (size < 0 || size > MAX_PAGE_SIZE) return { ok: false, problem: { reason: "bad_first", max: MAX_PAGE_SIZE } };
  if (after == null) return { ok: true, page: { first: size, after: null } };
  const decoded = cursor.safeParse(decodeCursor(after));
  if (!decoded.success) return { ok: false, problem: { reason: "bad_cursor" } };
  return { ok: true, page: { first: size, after: decoded.data } };
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
export const rowsFor = ({ first }: PageRequest<unknown>): number => first + 1;

/**
 * A page of rows that were read in order from behind the cursor.
 * @param rows up to `rowsFor(page)` of them; more do no harm
 */
export function pageOf<Row, T>(
  rows: readonly Row[],
  page: PageRequest<unknown>,
  { cursor, node }: { cursor: (row: Row) => Cursor; node: (row: Row) => T },
): Page<T> {
  const edges = rows.slice(0, page.first).map((row) => ({ cursor: encodeCursor(cursor(row)), node: node(row) }));
  return {
    edges,
    pageInfo: {
      hasNextPage: rows.length > page.first,
      hasPreviousPage: page.after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

/** A row's sort key. Clients see it as opaque text. */
type Cursor = readonly (string | null)[];

const encodeCursor = (cursor: Cursor): string =>
  btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(cursor))))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");

function decodeCursor(text: string): unknown {
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
