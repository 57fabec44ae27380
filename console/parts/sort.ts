import { defaultSortOf, SORTS, type Sort, type SortedList, sortText } from "#ops/sorts.ts";

type Sortable<T> = { readonly name: string; readonly by?: ((item: T) => string | number | null) | undefined };

/** "Last failed" → "last-failed", as the address and the operations API have it. */
export const columnId = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]+/g, "-");

/** Columns that a list can be sorted by: those of the server, or of a list that is here whole, those with a `by`. */
export const sortableIn = <T>(columns: readonly Sortable<T>[], list: SortedList | undefined): readonly string[] =>
  list ? SORTS[list] : columns.flatMap(({ name, by }) => (by ? [columnId(name)] : []));

/** The order that the address asks for: `?sort=letters` or `?sort=-letters`, if the list can be sorted by that. */
export function sortIn(query: URLSearchParams, sortable: readonly string[]): Sort | undefined {
  const asked = query.get("sort") ?? "";
  const by = asked.replace(/^-/, "");
  return sortable.includes(by) ? { by, isDescending: asked.startsWith("-") } : undefined;
}

/** The order after a click on a column: first one way, then the other, then the list's own order. */
export function nextSort(by: string, now: Sort | undefined, first: "ascending" | "descending"): Sort | undefined {
  const isDescending = first === "descending";
  if (now?.by !== by) return { by, isDescending };
  return now.isDescending === isDescending ? { by, isDescending: !isDescending } : undefined;
}

/** As the address has it; a list's own order is not mentioned. */
export const sortParameter = (sort: Sort | undefined, list: SortedList | undefined): string | undefined =>
  sort && (list === undefined || sortText(sort) !== sortText(defaultSortOf(SORTS[list]))) ? sortText(sort) : undefined;

const text = new Intl.Collator("en", { numeric: true });

/** Sorted by a column; rows that have nothing there are last in either order, and equals stay as they were. */
export function sorted<T>(items: readonly T[], columns: readonly Sortable<T>[], sort: Sort | undefined): readonly T[] {
  const by = sort && columns.find(({ name }) => columnId(name) === sort.by)?.by;
  if (!sort || !by) return items;
  const sign = sort.isDescending ? -1 : 1;
  return [...items].sort((one, other) => {
    const [a, b] = [by(one), by(other)];
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    return sign * (typeof a === "number" && typeof b === "number" ? a - b : text.compare(String(a), String(b)));
  });
}
