/** The column that rows are sorted by, by its id. */
export type Sort = { readonly column: string; readonly isDown: boolean };

type Sortable<T> = { readonly name: string; readonly by?: ((item: T) => string | number | null) | undefined };

/** "Last failed" → "last-failed", as the address has it. */
export const columnId = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]+/g, "-");

/** The order that the address asks for: `?sort=letters` or `?sort=-letters`, if one of the columns has that name. */
export function sortIn<T>(query: URLSearchParams, columns: readonly Sortable<T>[]): Sort | undefined {
  const asked = query.get("sort") ?? "";
  const column = asked.replace(/^-/, "");
  return columns.some(({ name, by }) => by && columnId(name) === column)
    ? { column, isDown: asked.startsWith("-") }
    : undefined;
}

const text = new Intl.Collator("en", { numeric: true });

/** Sorted by a column; rows that have nothing there are last in either order, and equals stay as they were. */
export function sorted<T>(items: readonly T[], columns: readonly Sortable<T>[], sort: Sort | undefined): readonly T[] {
  const by = sort && columns.find(({ name }) => columnId(name) === sort.column)?.by;
  if (!sort || !by) return items;
  const sign = sort.isDown ? -1 : 1;
  return [...items].sort((one, other) => {
    const [a, b] = [by(one), by(other)];
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    return sign * (typeof a === "number" && typeof b === "number" ? a - b : text.compare(String(a), String(b)));
  });
}
