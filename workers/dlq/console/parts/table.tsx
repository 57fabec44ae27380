import type { ComponentChild } from "preact";
import { hrefOf, replaceRoute, useRoute } from "../route.ts";
import { columnId, type Sort, sorted, sortIn } from "./sort.ts";
import "./table.css";

export type Column<T> = {
  readonly name: string;
  readonly cell: (item: T) => ComponentChild;
  /** What rows are sorted by; without it the column cannot be sorted. */
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
  readonly class?: string;
  readonly rowClass?: (item: T) => string | undefined;
};

/**
 * Rows and columns: a table where there is room, a card for each row where there is not. A click on the name of a column
 * sorts by it; the order is part of the address.
 */
export function Table<T>({ columns, items, keyOf, class: name, rowClass }: TableProps<T>) {
  const route = useRoute();
  const sort = sortIn(route.query, columns);
  const order = (next: Sort | undefined) =>
    replaceRoute(
      hrefOf(route.path, {
        ...Object.fromEntries(route.query),
        sort: next && `${next.isDown ? "-" : ""}${next.column}`,
      }),
    );
  return (
    <div class="scroll">
      <table class={name ? `rows ${name}` : "rows"}>
        <thead>
          <tr>
            {columns.map((column) => (
              <Head key={column.name} column={column} sort={sort} onSort={order} />
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted(items, columns, sort).map((item) => (
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

type HeadProps<T> = {
  readonly column: Column<T>;
  readonly sort: Sort | undefined;
  readonly onSort: (sort: Sort | undefined) => void;
};

/** A click sorts numbers from the largest and text from A, a second one the other way, and a third not at all. */
function Head<T>({ column: { name, by, isNumber = false, head }, sort, onSort }: HeadProps<T>) {
  const column = columnId(name);
  const own = sort?.column === column ? sort : undefined;
  const next = !own
    ? { column, isDown: isNumber }
    : own.isDown === isNumber
      ? { column, isDown: !isNumber }
      : undefined;
  return (
    <th
      scope="col"
      class={isNumber ? "num" : undefined}
      aria-sort={own ? (own.isDown ? "descending" : "ascending") : undefined}
    >
      {by ? (
        <button type="button" class="sort" onClick={() => onSort(next)} title={`Sort by ${name}`}>
          {head ?? name}
          <span aria-hidden="true">{own ? (own.isDown ? " ↓" : " ↑") : ""}</span>
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
