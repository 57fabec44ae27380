import * as z from "zod";
import { decodeCursor, encodeCursor } from "#base/cursor-text.ts";
import { defaultSortOf, type Sort, sortText } from "#ops/sorts.ts";

export const First = z
  .string()
  .regex(/^([1-9]\d?|100)$/, "must be a whole number from 1 to 100")
  .transform(Number)
  .default(25);

const SortedPosition = z.tuple([z.string(), z.int(), z.string().min(1)]);

/** Where a page of a sorted list begins: the order, and the sorted number and id of the last row before it. */
const SortedCursor = z.string().transform((cursor, { addIssue }) => {
  const position = SortedPosition.safeParse(decodeCursor(cursor)).data;
  if (!position) addIssue("must be the nextCursor of a list");
  const [sort = "", value = 0, id = ""] = position ?? [];
  return { sort, value, id };
});

const SortBy = <By extends string>(names: readonly [By, ...By[]]) =>
  z.string().transform((text, { addIssue }): Sort<By> => {
    const by = names.find((name) => name === text.replace(/^-/, ""));
    if (by === undefined) addIssue(`must be one of ${names.join(", ")}, with - in front for the largest first`);
    return { by: by ?? names[0], isDescending: text.startsWith("-") };
  });

/** The parameters of a list that can be sorted by these names, and by the first unless asked otherwise. */
export const sortedBy = <By extends string>(names: readonly [By, ...By[]]) => ({
  first: First,
  sort: SortBy(names).default(defaultSortOf(names)),
  after: SortedCursor.optional(),
});

/** The same of a list that is not always sorted by one of them. */
export const maybeSortedBy = <By extends string>(names: readonly [By, ...By[]]) => ({
  ...sortedBy(names),
  sort: SortBy(names).optional(),
});

type SortedQuery = { readonly sort?: Sort | undefined; readonly after?: z.output<typeof SortedCursor> | undefined };

/** For `refine`: a cursor is valid only in the order that it was made in. */
export const cursorFitsOrder = ({ sort, after }: SortedQuery): boolean => !after || after.sort === orderText(sort);
export const CURSOR_ORDER_ERROR = { path: ["after"], error: "must be the nextCursor of this list in this order" };

/** The place of a row in its list: the number that it is sorted by, and its id. */
export type RowPosition = readonly [value: number, id: string];

/** Makes a page of rows of which one more was read than was asked for; that one means that there is a next page. */
export function toPage<T>(
  rows: readonly T[],
  { first, sort }: { readonly first: number; readonly sort: Sort },
  positionOf: (row: T) => RowPosition,
) {
  const page = rows.slice(0, first);
  const last = page.at(-1);
  return { page, nextCursor: rows.length > first && last ? sortedCursor(sort, positionOf(last)) : null };
}

export const sortedCursor = (sort: Sort | undefined, position: RowPosition): string =>
  encodeCursor([orderText(sort), ...position]);

const orderText = (sort: Sort | undefined): string => (sort ? sortText(sort) : "");
