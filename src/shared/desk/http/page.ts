import * as z from "zod";
import { decodeCursor, encodeCursor } from "../../cursor-text.ts";

const Position = z.tuple([z.int(), z.string().min(1)]);

/** Where a page begins, out of what the page before said. */
export const Cursor = z.string().transform((cursor, { addIssue }) => {
  const position = Position.safeParse(decodeCursor(cursor)).data;
  if (!position) addIssue("must be the nextCursor of a list");
  return position;
});

export const First = z
  .string()
  .regex(/^([1-9]\d?|100)$/, "must be a whole number from 1 to 100")
  .transform(Number)
  .default(25);

/** A page of one more than was asked for says that there is another. */
export function pageOf<T>(rows: readonly T[], first: number, positionOfRow: (row: T) => readonly [number, string]) {
  const page = rows.slice(0, first);
  const last = page.at(-1);
  return { page, nextCursor: rows.length > first && last ? encodeCursor(positionOfRow(last)) : null };
}
