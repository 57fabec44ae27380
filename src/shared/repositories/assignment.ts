import { type SQL, sql } from "drizzle-orm";
import * as z from "zod";
import type { Scope } from "../auth/scope.ts";
import type { Interval } from "../domain/assignment.ts";
import { compareVersions, type Version } from "../domain/version.ts";
import { type Cursor, type Page, type PageRequest, pageOf, rowsFor } from "./page.ts";
import { eachOf, type ReadHandle, Repository } from "./repository.ts";
import { assignments } from "./tables.ts";

const LIST = "ASSIGNMENTS";

/** Intervals are listed oldest first; a cursor holds the version at which one begins. */
export const AssignmentCursor = z.tuple([z.literal(LIST), z.string().max(200)]);

/**
 * Which dealer had a device when. A dealer sees its own intervals: neither who came before nor who came after.
 *
 * A device's assignments are a set that only grows, and a source may name the dealer with every message. So they are
 * never read whole: SQLite hops from one change of dealer to the next. A page reads its own changes and the repetitions
 * between them, and only the changes leave D1.
 */
export class AssignmentRepository extends Repository<typeof assignments> {
  constructor(handle: ReadHandle) {
    super(handle, assignments);
  }

  /** The same page of each device's intervals, in one statement. A device without any is left out. */
  async findPages(
    scope: Scope,
    deviceKeys: readonly string[],
    page: PageRequest,
  ): Promise<Map<string, Page<Interval>>> {
    const { statement, intervalsOf } = page.from === "start" ? FORWARDS : BACKWARDS;
    const rows = await this.select<Change>(statement(scope, deviceKeys, page));
    const pages = [...Map.groupBy(rows, ({ deviceKey }) => deviceKey)].map(([deviceKey, changes]) => {
      const intervals = intervalsOf(changes).filter(
        ({ dealerId, from }) => (scope.role !== "dealer" || dealerId !== null) && isBetween(from, page),
      );
      return [deviceKey, pageOf(intervals, page, EDGE)] as const;
    });
    return new Map(pages.filter(([, { edges }]) => edges.length > 0));
  }
}

/** A change of dealer, as the scope sees it, in the order in which the page is read. */
type Change = {
  readonly deviceKey: string;
  readonly dealerId: string | null;
  /** Forwards: where this dealer's interval begins. Backwards: where the next one's does, `null` behind the last. */
  readonly version: Version | null;
  /** Backwards: where the device's first interval begins. */
  readonly first: Version;
};

type Statement = (scope: Scope, deviceKeys: readonly string[], page: PageRequest) => SQL;

/** From the dealer in front of the cursor on to whoever comes next. An id is never empty, so "" is nobody yet. */
const forwards: Statement = (scope, deviceKeys, page) => sql`
  WITH RECURSIVE changes (device_key, version, dealer_id, hops) AS (
    SELECT ids.value, ${boundOf(page.after) ?? ""}, CASE WHEN p.version IS NULL THEN '' ELSE ${seenBy(scope, "p")} END, 0
    FROM ${eachOf(deviceKeys)} AS ids LEFT JOIN ${assignments} AS p ON p.device_key = ids.value AND p.version = (
      SELECT max(version) FROM ${assignments} WHERE device_key = ids.value AND version <= ${boundOf(page.after) ?? ""})
    UNION ALL
    SELECT c.device_key, a.version, ${seenBy(scope, "a")}, c.hops + 1
    FROM changes AS c CROSS JOIN ${assignments} AS a ON a.device_key = c.device_key AND a.version = (
      SELECT s.version FROM ${assignments} AS s WHERE s.device_key = c.device_key AND s.version > c.version
        AND ${seenBy(scope, "s")} IS NOT c.dealer_id ORDER BY s.version LIMIT 1)
    WHERE c.hops < ${hopsFor(scope, page)}
  )
  SELECT device_key AS deviceKey, dealer_id AS dealerId, version FROM changes WHERE hops > 0 ORDER BY device_key, hops`;

/** From the last assignment in front of the cursor back to the last one that was another's. */
const backwards: Statement = (scope, deviceKeys, page) => sql`
  WITH RECURSIVE changes (device_key, version, dealer_id, hops) AS (
    SELECT a.device_key, a.version, ${seenBy(scope, "a")}, 1
    FROM ${eachOf(deviceKeys)} AS ids CROSS JOIN ${assignments} AS a ON a.device_key = ids.value AND a.version = (
      SELECT max(version) FROM ${assignments} WHERE device_key = ids.value AND version < ${boundOf(page.before) ?? BEHIND_ALL})
    UNION ALL
    SELECT c.device_key, a.version, ${seenBy(scope, "a")}, c.hops + 1
    FROM changes AS c CROSS JOIN ${assignments} AS a ON a.device_key = c.device_key AND a.version = (
      SELECT s.version FROM ${assignments} AS s WHERE s.device_key = c.device_key AND s.version < c.version
        AND ${seenBy(scope, "s")} IS NOT c.dealer_id ORDER BY s.version DESC LIMIT 1)
    WHERE c.hops < ${hopsFor(scope, page)}
  )
  SELECT c.device_key AS deviceKey, c.dealer_id AS dealerId,
    (SELECT min(version) FROM ${assignments} WHERE device_key = c.device_key AND version > c.version) AS version,
    (SELECT min(version) FROM ${assignments} WHERE device_key = c.device_key) AS first
  FROM changes AS c ORDER BY c.device_key, c.hops`;

/** A version begins with a year. */
const BEHIND_ALL = "~";

const FORWARDS = {
  statement: forwards,
  intervalsOf: (changes: readonly Change[]): Interval[] =>
    changes.map(({ dealerId, version }, i) => ({
      dealerId,
      from: version as Version,
      to: changes[i + 1]?.version ?? null,
    })),
};

const BACKWARDS = {
  statement: backwards,
  intervalsOf: (changes: readonly Change[]): Interval[] =>
    changes.map(({ dealerId, version, first }, i) => ({
      dealerId,
      from: changes[i + 1]?.version ?? first,
      to: version,
    })),
};

/** What a page shows, one more that tells whether another follows, and one that tells where that ends; twice that where others' come between. */
const hopsFor = ({ role }: Scope, page: PageRequest): number => (role === "dealer" ? 2 : 1) * (rowsFor(page) + 1);

/** Other dealers' ids do not leave D1: to a dealer, a device that is another's is a device that is nobody's. */
function seenBy(scope: Scope, alias: string): SQL {
  const dealerId = sql.raw(`${alias}.dealer_id`);
  return scope.role === "dealer"
    ? sql`CASE WHEN ${dealerId} IN (SELECT value FROM ${eachOf(scope.dealerIds)}) THEN ${dealerId} END`
    : dealerId;
}

const boundOf = (cursor: Cursor | null): Version | null => cursor && (cursor[1] as Version);

function isBetween(from: Version, page: PageRequest): boolean {
  const [after, before] = [boundOf(page.after), boundOf(page.before)];
  return (after === null || compareVersions(from, after) > 0) && (before === null || compareVersions(from, before) < 0);
}

const EDGE = {
  cursor: ({ from }: Interval): Cursor => [LIST, from],
  node: (interval: Interval) => interval,
} as const;
