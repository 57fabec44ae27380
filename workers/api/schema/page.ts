import type * as z from "zod";
import {
  DEFAULT_PAGE_SIZE,
  MAX_PAGE_SIZE,
  type PageArgs,
  type PageRequest,
  parsePage,
} from "../../../src/shared/repositories/page.ts";
import { pageError } from "../errors.ts";
import { builder } from "./builder.ts";

/** The arguments of every list. Lists go forward only. */
export const pageArgs = builder.args((t) => ({
  first: t.int({ defaultValue: DEFAULT_PAGE_SIZE, description: `How many; at most ${MAX_PAGE_SIZE}.` }),
  after: t.string({ description: "Continue behind this cursor." }),
}));

/** @throws GraphQLError of BAD_USER_INPUT, which is the client's answer */
export function pageRequest<Cursor>(args: PageArgs, cursor: z.ZodType<Cursor>): PageRequest<Cursor> {
  const parsed = parsePage(args, cursor);
  if (!parsed.ok) throw pageError(parsed.problem);
  return parsed.page;
}
