/**
 * The columns by which the server sorts each list of the operations API. The first is the default. A list is sorted by an index, or by a column of a list that is read whole anyway: see
 * docs/decisions/0017-lists-are-sorted-by-the-server.md.
 */
export const SORTS = {
  letters: ["last-failed"],
  groups: ["last-failed", "first-failed", "waiting", "letters"],
  runs: ["planned"],
  audit: ["time"],
  devices: ["device", "serial-number", "registered", "newest-event"],
} as const satisfies Readonly<Record<string, readonly [string, ...string[]]>>;

export type SortedList = keyof typeof SORTS;

/** The column that a list is sorted by, and whether the largest comes first. */
export type Sort<By extends string = string> = { readonly by: By; readonly isDescending: boolean };
export type SortOf<List extends SortedList> = Sort<(typeof SORTS)[List][number]>;

/** Columns of text, which are sorted from A first; numbers and times from the largest or newest. */
const TEXTS: readonly string[] = ["device", "serial-number"] satisfies SortOf<"devices">["by"][];

export const isDescendingFirst = (by: string): boolean => !TEXTS.includes(by);

/** The order of a list that is not asked for another. */
export const defaultSortOf = <By extends string>([by]: readonly [By, ...By[]]): Sort<By> => ({
  by,
  isDescending: isDescendingFirst(by),
});

/**
 * What devices can be sorted by under these filters. What a text matches is in the order of how well it matches. A source
 * and a status have indexes by key only: by another column, rows would be read until enough of them match. One dealer's
 * devices are few, and may be read whole.
 */
export function deviceSorts(filter: Partial<Record<"text" | "source" | "status" | "dealer", string | undefined>>) {
  if (filter.text) return [];
  return filter.dealer || !(filter.source || filter.status) ? SORTS.devices : (["device"] as const);
}

/** As a query has it: `waiting`, or `-waiting` for the largest first. */
export const sortText = ({ by, isDescending }: Sort): string => `${isDescending ? "-" : ""}${by}`;
