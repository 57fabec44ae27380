import { type SQL, sql } from "drizzle-orm";
import * as z from "zod";
import type { Scope } from "#auth/scope.ts";
import type { Interval } from "#domain/assignment.ts";
import { compareVersions, type Version } from "#domain/version.ts";
import { jsonEach } from "./one-of.ts";
import { type Cursor, type Page, type PageRequest, rowsFor, toPage } from "./page.ts";
import { Repository } from "./repository.ts";
import { keysetOf } from "./scoped-table.ts";
import { assignments } from "./tables.ts";
import { ASSIGNMENT_RELATIONS, ASSIGNMENTS } from "./visibility.ts";

const LIST = "ASSIGNMENTS";

/** The rows themselves, device by device. */
const BY_KEY = keysetOf(ASSIGNMENTS, "ASSIGNMENT_ROWS", []);

/** Intervals are listed oldest first; a cursor has the version at which one begins. */
export const AssignmentCursor = z.tuple([z.literal(LIST), z.string().max(200)]);

/**
 * The intervals in which dealers had a device. A dealer sees its own intervals only, and not who had the device before or
 * after.
 *
 * A device's assignments only grow, and a source may repeat the dealer in every message. So they are never read as a
 * whole: a recursive query hops from one change of dealer to the next. A page reads its changes and the repetitions between
 * them, and only the changes leave D1.
 *
 * The methods that every repository has read the rows, repetitions too. They have an index by device and none by dealer:
 * name devices in `where`, or D1 reads the assignments of all devices, in a dealer's scope too.
 */
export class AssignmentRepository extends Repository<typeof assignments> {
  readonly rows = ASSIGNMENTS;
  readonly orders = { KEY: BY_KEY };
  readonly relations = ASSIGNMENT_RELATIONS;

  /** The same page of each device's intervals, in one statement. Devices without intervals are left out. */
  async findPages(
    scope: Scope,
    deviceKeys: readonly string[],
    page: PageRequest,
  ): Promise<Map<string, Page<Interval>>> {
    const { statement, intervalsOf } = page.from === "start" ? FORWARDS : BACKWARDS;
    // Each device once, or the hops of one that is asked for twice would mix.
    const rows = await this.unscoped.select<Change>(statement(scope, [...new Set(deviceKeys)], page));
    const pages = [...Map.groupBy(rows, ({ deviceKey }) => deviceKey)].map(([deviceKey, changes]) => {
      const intervals = intervalsOf(changes).filter(
        ({ dealerId, from }) => (scope.role !== "dealer" || dealerId !== null) && isBetween(from, page),
      );
      return [deviceKey, toPage(intervals, page, EDGE)] as const;
    });
    return new Map(pages.filter(([, { edges }]) => edges.length > 0));
  }
}

/** A change of dealer as the scope sees it, in the reading order of the page. */
type Change = {
  readonly deviceKey: string;
  readonly dealerId: string | null;
  /** Forwards: the start of this dealer's interval. Backwards: the start of the next one, `null` after the last. */
  readonly version: Version | null;
  /** Backwards: the start of the device's first interval. */
  readonly first: Version;
};

type Statement = (scope: Scope, deviceKeys: readonly string[], page: PageRequest) => SQL;

/** Starts with the dealer before the cursor and hops to the next one. An id is never empty, so "" means none yet. */
const forwards: Statement = (scope, deviceKeys, page) => sql`
  WITH RECURSIVE changes (device_key, version, dealer_id, hops) AS (
    SELECT ids.value, ${cursorVersion(page.after) ?? ""}, CASE WHEN p.version IS NULL THEN '' ELSE ${seenBy(scope, "p")} END, 0
    FROM ${jsonEach(deviceKeys)} AS ids LEFT JOIN ${assignments} AS p ON p.device_key = ids.value AND p.version = (
      SELECT max(version) FROM ${assignments} WHERE device_key = ids.value AND version <= ${cursorVersion(page.after) ?? ""})
    UNION ALL
    SELECT c.device_key, a.version, ${seenBy(scope, "a")}, c.hops + 1
    FROM changes AS c CROSS JOIN ${assignments} AS a ON a.device_key = c.device_key AND a.version = (
      SELECT s.version FROM ${assignments} AS s WHERE s.device_key = c.device_key AND s.version > c.version
        AND ${seenBy(scope, "s")} IS NOT c.dealer_id ORDER BY s.version LIMIT 1)
    WHERE c.hops < ${hopsFor(scope, page)}
  )
  SELECT device_key AS deviceKey, dealer_id AS dealerId, version FROM changes WHERE hops > 0 ORDER BY device_key, hops`;

/** Starts with the last assignment before the cursor and hops back to the last one of another dealer. */
const backwards: Statement = (scope, deviceKeys, page) => sql`
  WITH RECURSIVE changes (device_key, version, dealer_id, hops) AS (
    SELECT a.device_key, a.version, ${seenBy(scope, "a")}, 1
    FROM ${jsonEach(deviceKeys)} AS ids CROSS JOIN ${assignments} AS a ON a.device_key = ids.value AND a.version = (
      SELECT max(version) FROM ${assignments} WHERE device_key = ids.value AND version < ${cursorVersion(page.before) ?? BEHIND_ALL})
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

/** Greater than every version: those begin with a year. */
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

/**
 * Changes to read for a page: those that it shows, one more for `hasNextPage`, and one for the end of that. Twice as many
 * for a dealer, whose intervals alternate with those of others.
 */
const hopsFor = ({ role }: Scope, page: PageRequest): number => (role === "dealer" ? 2 : 1) * (rowsFor(page) + 1);

/** Replaces other dealers' ids by null: to a dealer, a device of another dealer is one without a dealer. */
function seenBy(scope: Scope, alias: string): SQL {
  const dealerId = sql.raw(`${alias}.dealer_id`);
  return scope.role === "dealer"
    ? sql`CASE WHEN ${dealerId} IN (SELECT value FROM ${jsonEach(scope.dealerIds)}) THEN ${dealerId} END`
    : dealerId;
}

const cursorVersion = (cursor: Cursor | null): Version | null => cursor && (cursor[1] as Version);

function isBetween(from: Version, page: PageRequest): boolean {
  const [after, before] = [cursorVersion(page.after), cursorVersion(page.before)];
  return (after === null || compareVersions(from, after) > 0) && (before === null || compareVersions(from, before) < 0);
}

const EDGE = {
  cursor: ({ from }: Interval): Cursor => [LIST, from],
  node: (interval: Interval) => interval,
} as const;
