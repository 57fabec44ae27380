import { sql } from "drizzle-orm";
import * as z from "zod";
import type { Scope } from "../auth/scope.ts";
import { type Interval, intervalsOf } from "../domain/assignment.ts";
import { type Cursor, type Page, type PageRequest, pageOfAll } from "./page.ts";
import { eachOf, type ReadHandle, Repository } from "./repository.ts";
import { assignments } from "./tables.ts";

const LIST = "ASSIGNMENTS";

/** Intervals are listed oldest first; no two of a device begin together. */
export const AssignmentCursor = z.tuple([z.literal(LIST), z.iso.datetime()]);

/** Which dealer had a device when. A dealer sees its own intervals: neither who came before nor who came after. */
export class AssignmentRepository extends Repository<typeof assignments> {
  constructor(handle: ReadHandle) {
    super(handle, assignments);
  }

  /** Intervals in order of time, by device. One that ended in the millisecond it began is nobody's and left out. */
  async findIntervals(scope: Scope, deviceKeys: readonly string[]): Promise<Map<string, Interval[]>> {
    const rows = await this.findMany(
      { select: ["deviceKey", "version", "dealerId"] },
      sql`SELECT ids.value AS device_key, steps.version AS version, ${seenBy(scope)} AS dealer_id
        FROM ${eachOf(deviceKeys)} AS ids CROSS JOIN ${assignments} AS steps ON steps.device_key = ids.value`,
    );
    const groups = Map.groupBy(rows, ({ deviceKey }) => deviceKey as string);
    return new Map(
      [...groups].map(([deviceKey, steps]) => [
        deviceKey,
        intervalsOf(new Map(steps.map(({ version, dealerId }) => [version, dealerId]))).filter(
          ({ dealerId, from, to }) => from !== to && (scope.role !== "dealer" || dealerId !== null),
        ),
      ]),
    );
  }
}

/** Other dealers' ids do not leave D1: to a dealer, a device that is another's is a device that is nobody's. */
const seenBy = (scope: Scope) =>
  scope.role === "dealer"
    ? sql`CASE WHEN steps.dealer_id IN (SELECT value FROM ${eachOf(scope.dealerIds)}) THEN steps.dealer_id END`
    : sql`steps.dealer_id`;

/** A device has few intervals, and where one ends takes the next, so they are read whole and paged here. */
export const pageOfIntervals = (intervals: readonly Interval[], page: PageRequest): Page<Interval> =>
  pageOfAll(intervals, page, {
    cursor: ({ from }): Cursor => [LIST, from],
    node: (interval) => interval,
    direction: "ascending",
  });
