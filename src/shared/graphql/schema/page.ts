import type { ObjectRef } from "@pothos/core";
import type * as z from "zod";
import {
  type Cursor,
  DEFAULT_PAGE_SIZE,
  describeBadPage,
  MAX_PAGE_SIZE,
  type Page,
  type PageArgs,
  type PageRequest,
  parsePage,
} from "#repositories/page.ts";
import { MAX_COUNT } from "#repositories/table-reader.ts";
import { userError } from "../errors.ts";
import { builder } from "./builder.ts";

type Types = typeof builder.$inferSchemaTypes;

/** The arguments of every list. */
export const pageArgs = builder.args((t) => ({
  first: t.int({
    description: `How many from the start; at most ${MAX_PAGE_SIZE}. ${DEFAULT_PAGE_SIZE} without \`first\` and \`last\`.`,
  }),
  after: t.string({ description: "Only items after this cursor." }),
  last: t.int({
    description: `How many from the end, in the order of the list; at most ${MAX_PAGE_SIZE}. Not together with \`first\`.`,
  }),
  before: t.string({ description: "Only items before this cursor." }),
}));

/** @throws GraphQLError with the code BAD_USER_INPUT, which the client gets */
export function pageRequest(args: PageArgs, cursor: z.ZodType<Cursor>): PageRequest {
  const parsed = parsePage(args, cursor);
  if (!parsed.ok) throw userError(describeBadPage(parsed.problem));
  return parsed.page;
}

/** A page of a list that can be counted. It is counted only if the query asks for that. */
export type Counted<T> = Page<T> & { readonly count: () => Promise<number | null> };

export const counted = async <T>(page: Promise<Page<T>>, count: () => Promise<number | null>): Promise<Counted<T>> => ({
  ...(await page),
  count,
});

/** Counting reads up to `MAX_COUNT` rows of an index, which takes about as long as this many objects of a page. */
const COUNT_COST = 20;

/** A connection with the length of its whole list. */
export const countedConnection = <T>(type: ObjectRef<Types, T>, name: string) =>
  builder.connectionObject({
    type,
    name,
    fields: (t) => ({
      totalCount: t.int({
        nullable: true,
        description: `The number of items in the whole list; null above ${MAX_COUNT.toLocaleString("en")}. Counting reads every item: ask once, not with every page.`,
        extensions: { cost: COUNT_COST },
        resolve: (page) => (page as unknown as Counted<T>).count(),
      }),
    }),
  }) as unknown as ObjectRef<Types, Counted<T>>;
