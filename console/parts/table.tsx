import type { ComponentChild } from "preact";
import { defaultSortOf, isDescendingFirst, SORTS, type Sort, type SortedList } from "#ops/sorts.ts";
import { hrefOf, replaceRoute, useRoute } from "../route.ts";
import { columnId, nextSort, sortableIn, sorted, sortIn, sortParameter } from "./sort.ts";
import "./table.css";

export type Column<T> = {
  readonly name: string;
  readonly cell: (item: T) => ComponentChild;
  /** What rows of a list that is here whole are sorted by; without it they cannot be sorted by this column. */
  readonly by?: ((item: T) => string | number | null) | undefined;
  /** Numbers stand on the right, one under the other. */
  readonly isNumber?: boolean;
  /** The cell names the row. */
  readonly isName?: boolean;
  readonly class?: string;
  /** In the place of the name, in the head of the table. */
  readonly head?: ComponentChild;
};

type TableProps<T> = {
  readonly columns: readonly Column<T>[];
  readonly items: readonly T[];
  readonly keyOf: (item: T) => string | number;
  /** The list of the operations API that these rows are pages of, in the order that the server has given them. */
  readonly pagesOf?: SortedList | undefined;
  /** What the server can sort them by at present, if that is less than what it sorts the list by. */
  readonly sortable?: readonly string[] | undefined;
  readonly class?: string;
  readonly rowClass?: (item: T) => string | undefined;
};

/**
 * Rows and columns: a table where there is room, a card for each row where there is not. A click on the name of a column
 * sorts by it, and the order is part of the address. Rows that are all here are sorted here; a list that comes in pages
 * is sorted by the server, by what it can sort by, since the rows that are here are not all there are.
 */
export function Table<T>(props: TableProps<T>) {
  const { columns, items, keyOf, pagesOf, class: name, rowClass } = props;
  const route = useRoute();
  const sortable = props.sortable ?? sortableIn(columns, pagesOf);
  const own = pagesOf && defaultSortOf(SORTS[pagesOf]);
  const sort = sortIn(route.query, sortable) ?? (own && sortable.includes(own.by) ? own : undefined);
  const order = (next: Sort | undefined) => {
    // A cursor is a place in one order.
    const { after: _, ...query } = Object.fromEntries(route.query);
    replaceRoute(hrefOf(route.path, { ...query, sort: sortParameter(next, pagesOf) }));
  };
  return (
    <div class="scroll">
      <table class={name ? `rows ${name}` : "rows"}>
        <thead>
          <tr>
            {columns.map((column) => (
              <Head
                key={column.name}
                column={column}
                isSortable={sortable.includes(columnId(column.name))}
                first={startsDescending(column, pagesOf) ? "descending" : "ascending"}
                sort={sort}
                onSort={order}
              />
            ))}
          </tr>
        </thead>
        <tbody>
          {(pagesOf ? items : sorted(items, columns, sort)).map((item) => (
            <tr key={keyOf(item)} class={rowClass?.(item)}>
              {columns.map((column) => (
                <Cell key={column.name} column={column} item={item} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Numbers and times are sorted from the largest first, text from A. */
const startsDescending = <T,>({ name, isNumber }: Column<T>, pagesOf: SortedList | undefined): boolean =>
  isNumber || (pagesOf !== undefined && isDescendingFirst(columnId(name)));

type HeadProps<T> = {
  readonly column: Column<T>;
  readonly isSortable: boolean;
  /** Which way a first click sorts. */
  readonly first: "ascending" | "descending";
  readonly sort: Sort | undefined;
  readonly onSort: (sort: Sort | undefined) => void;
};

function Head<T>({ column: { name, isNumber = false, head }, isSortable, first, sort, onSort }: HeadProps<T>) {
  const by = columnId(name);
  const own = sort?.by === by ? sort : undefined;
  return (
    <th
      scope="col"
      class={isNumber ? "num" : undefined}
      aria-sort={own ? (own.isDescending ? "descending" : "ascending") : undefined}
    >
      {isSortable ? (
        <button
          type="button"
          class="sort"
          onClick={() => onSort(nextSort(by, sort, first))}
          title={`Sort by ${name.toLowerCase()}`}
        >
          {head ?? name}
          <span aria-hidden="true" class={own ? undefined : "unsorted"}>
            {own ? (own.isDescending ? " ↓" : " ↑") : " ↕"}
          </span>
        </button>
      ) : (
        (head ?? name)
      )}
    </th>
  );
}

function Cell<T>({ column, item }: { readonly column: Column<T>; readonly item: T }) {
  const { name, cell, isNumber, isName, class: own } = column;
  const classes = [isNumber && "num", own].filter(Boolean).join(" ") || undefined;
  return isName ? (
    <th scope="row" class={classes}>
      {cell(item)}
    </th>
  ) : (
    <td data-label={name || undefined} class={classes}>
      <div>{cell(item)}</div>
    </td>
  );
}
