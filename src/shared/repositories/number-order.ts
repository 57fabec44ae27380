import { and, asc, desc, eq, gt, gte, lt, lte, or, type SQL, type SQLWrapper, sql } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";

/** Where a page ends: the number that its last row is sorted by, and the id, which tells it from rows with the same. */
export type NumberPosition = { readonly value: number; readonly id: string };

type NumberOrderOptions = {
  readonly number: SQLWrapper;
  readonly id: SQLiteColumn;
  readonly isDescending: boolean;
  /** Whether ids count upwards with the number. Otherwise they run the other way: the index is `number DESC, id`. */
  readonly idsRunAlong?: boolean;
};

type NumberOrder = { readonly orderBy: SQL[]; readonly behind: (position: NumberPosition) => SQL | undefined };

/** A list by a number, and by id where that is the same: an index with both, read from one of its ends. */
export function numberOrder({ isDescending, idsRunAlong = false, id, ...by }: NumberOrderOptions): NumberOrder {
  const number = sql`${by.number}`;
  const isIdDescending = isDescending === idsRunAlong;
  const [direction, bound, beyond] = isDescending ? [desc, lte, lt] : [asc, gte, gt];
  const [idDirection, idBeyond] = isIdDescending ? [desc, lt] : [asc, gt];
  return {
    orderBy: [direction(number), idDirection(id)],
    // The first condition says nothing that the second does not, but an index can begin with it and not with an OR.
    behind: (last) =>
      and(
        bound(number, last.value),
        or(beyond(number, last.value), and(eq(number, last.value), idBeyond(id, last.id))),
      ),
  };
}
