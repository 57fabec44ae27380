import type * as z from "zod";
import type { Scope } from "#auth/scope.ts";
import { type Moment, parseTime } from "#domain/time.ts";
import type { AlertFilter } from "#repositories/alert.ts";
import { type Consistency, NEAREST, parseConsistencyToken } from "#repositories/consistency.ts";
import type { DeviceFilter, DeviceListing } from "#repositories/device.ts";
import type { HistoryFilter } from "#repositories/history.ts";
import type { KeyRange } from "#repositories/keyset.ts";
import { type Cursor, describeBadPage, type PageArgs, type PageRequest, parsePage } from "#repositories/page.ts";
import { searchWordsIn } from "#repositories/search-text.ts";

/** On whose behalf a Worker calls a service, and how fresh the answer has to be. */
export type Call = {
  readonly scope: Scope;
  /** `"strong"`, or the consistency token of an earlier answer; the answer is then at least as fresh as that one. */
  readonly consistency?: "strong" | (string & {}) | undefined;
  /** Whom the caller acts for: the `sub` of its token, which the event of a command carries. Absent: nobody in particular. */
  readonly subject?: string | null | undefined;
};

/** What a service returns: the value, and how fresh it is. */
export type Answer<T> = {
  readonly value: T;
  /** For a later call that has to be at least as fresh. `null` if D1 was not read. */
  readonly consistencyToken: string | null;
};

/*
 * The arguments of a call from another Worker, which are checked where they arrive: by the api Worker, and by the fakes
 * that stand in for it in tests.
 */

/** @throws RangeError */
export function consistencyOf({ consistency }: Call): Consistency {
  if (consistency === undefined) return NEAREST;
  if (consistency === "strong") return { kind: "strong" };
  const parsed = parseConsistencyToken(consistency);
  if (!parsed)
    throw new RangeError(
      "`consistency` is not a consistency token. Nothing was read: pass the token of an earlier answer.",
    );
  return parsed;
}

/** Reads a page's arguments with their cursors, as the GraphQL API does. @throws RangeError */
export function pageFrom(args: PageArgs, cursor: z.ZodType<Cursor>): PageRequest {
  const parsed = parsePage(args, cursor);
  if (!parsed.ok) throw new RangeError(describeBadPage(parsed.problem));
  return parsed.page;
}

/** Reads a time of a filter, which other Workers send as text. @throws RangeError */
function momentFrom(text: string): Moment {
  const moment = parseTime(text);
  if (!moment)
    throw new RangeError(
      `${JSON.stringify(text.slice(0, 64))} is not a time in RFC 3339, such as 2026-11-27T13:00:00Z. Nothing was read.`,
    );
  return moment;
}

const toRange = (range: KeyRange | null | undefined): KeyRange | null =>
  range == null
    ? null
    : {
        from: range.from == null ? null : momentFrom(range.from),
        to: range.to == null ? null : momentFrom(range.to),
      };

/** With its times as moments. @throws RangeError for text that is not a time, or no search */
export function deviceFilterFrom({ registered, updatedSince, ...filter }: DeviceFilter): DeviceFilter {
  if (filter.search != null) searchWordsIn(filter.search);
  return {
    ...filter,
    registered: toRange(registered),
    updatedSince: updatedSince == null ? null : momentFrom(updatedSince),
  };
}

/** With its times as moments. @throws RangeError */
export const listingFrom = ({ filter, ...listing }: DeviceListing): DeviceListing => ({
  ...listing,
  ...(filter && { filter: deviceFilterFrom(filter) }),
});

/** With its times as moments. @throws RangeError */
export const alertFilterFrom = ({ raised, ...filter }: AlertFilter): AlertFilter => ({
  ...filter,
  raised: toRange(raised),
});

/** With its times as moments. @throws RangeError */
export const historyFilterFrom = ({ occurred, ...filter }: HistoryFilter): HistoryFilter => ({
  ...filter,
  occurred: toRange(occurred),
});
