import { and, desc, eq, gt, inArray, type SQLWrapper, sql } from "drizzle-orm";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import { HOUR_MS } from "#domain/time.ts";
import type { SortOf } from "#ops/sorts.ts";
import { inRange } from "#repositories/keyset.ts";
import { type NumberPosition, numberOrder } from "#repositories/number-order.ts";
import { inTexts } from "#repositories/one-of.ts";
import { letterDepths, letterGroupHours, letterGroups } from "#repositories/ops-tables.ts";
import type { GroupState } from "../states.ts";
import type { Audited } from "./letter-change.ts";

/** A group as D1 stores it. */
export type StoredGroup = typeof letterGroups.$inferSelect;

export type GroupFilter = {
  readonly state?: GroupState | undefined;
  readonly topic?: string | undefined;
  readonly reason?: StoredGroup["reason"] | undefined;
  /** When it last failed: from `sinceMs` (inclusive) to `untilMs` (exclusive). */
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
  readonly first: number;
  /** By the last failure, newest first, unless given. */
  readonly sort?: SortOf<"groups"> | undefined;
  readonly after?: NumberPosition | undefined;
};

/**
 * What groups are sorted by. The last failure has an index. For any other column, all matching groups are read and
 * sorted: an index on a count would be written with every letter.
 */
const SORTED_BY: Readonly<Record<SortOf<"groups">["by"], SQLWrapper>> = {
  "last-failed": letterGroups.lastFailedAtMs,
  "first-failed": letterGroups.firstFailedAtMs,
  waiting: sql`(${letterGroups.open} + ${letterGroups.quarantined})`,
  letters: letterGroups.letters,
};

/** How many letters of a group have no outcome yet. */
const WAITING = sql`(${letterGroups.open} + ${letterGroups.replaying} + ${letterGroups.quarantined})`;

/** Letters of one reason, by their state. */
export type Depth = Pick<StoredGroup, "reason" | "open" | "replaying" | "quarantined" | "resolved" | "discarded">;

/** An operator's note on a group. */
export type GroupChange = {
  readonly id: string;
  readonly state: Exclude<GroupState, "regressed">;
  readonly note: string | null;
};

/** Letters of one fingerprint, counted. Triggers maintain the counts, whichever code writes a letter. */
export class LetterGroupRepository {
  readonly #d1: D1Database;
  readonly #db: DrizzleD1Database;

  constructor(d1: D1Database) {
    this.#d1 = d1;
    this.#db = drizzle(d1);
  }

  async find(id: string): Promise<StoredGroup | null> {
    return (await this.#db.select().from(letterGroups).where(eq(letterGroups.id, id)).get()) ?? null;
  }

  /** A page of groups. @returns one more than `first` where there is a next page */
  async list({ state, topic, reason, sinceMs, untilMs, first, sort, after }: GroupFilter): Promise<StoredGroup[]> {
    const { by, isDescending } = sort ?? { by: "last-failed", isDescending: true };
    const { orderBy, behind } = numberOrder({ number: SORTED_BY[by], id: letterGroups.id, isDescending });
    return this.#db
      .select()
      .from(letterGroups)
      .where(
        and(
          state === undefined ? undefined : eq(letterGroups.state, state),
          topic === undefined ? undefined : eq(letterGroups.topic, topic),
          reason === undefined ? undefined : eq(letterGroups.reason, reason),
          inRange(letterGroups.lastFailedAtMs, { from: sinceMs, to: untilMs }),
          after && behind(after),
        ),
      )
      .orderBy(...orderBy)
      .limit(first + 1);
  }

  /**
   * The groups that nobody has handled yet, newest failure first, up to a limit. A group of which no letter waits, as
   * after an import of closed ones, needs nobody.
   */
  async waiting(limit: number): Promise<StoredGroup[]> {
    return this.#db
      .select()
      .from(letterGroups)
      .where(and(inArray(letterGroups.state, ["open", "regressed"]), sql`${WAITING} > 0`))
      .orderBy(desc(letterGroups.lastFailedAtMs))
      .limit(limit);
  }

  /** How many letters of each reason are in each state. Reads one row per reason, however many groups there are. */
  async depths(): Promise<Depth[]> {
    return this.#db.select().from(letterDepths);
  }

  /** Failures of each of these groups by hour, oldest first, up to the current hour. */
  async trends(ids: readonly string[], hours: number, nowMs: number): Promise<Map<string, number[]>> {
    const current = Math.floor(nowMs / HOUR_MS);
    const rows = await this.#db
      .select()
      .from(letterGroupHours)
      .where(and(inTexts(letterGroupHours.groupId, ids), gt(letterGroupHours.hour, current - hours)));
    const trends = new Map(ids.map((id) => [id, Array.from({ length: hours }, () => 0)]));
    for (const { groupId, hour, failures } of rows) {
      const trend = trends.get(groupId);
      // A failure from a clock that is ahead of ours counts in the current hour.
      if (trend) trend[Math.min(hours - 1, hours - 1 - current + hour)] = failures;
    }
    return trends;
  }

  /** @returns whether there is such a group */
  async setState({ id, state, note }: GroupChange, { audit, entry }: Audited): Promise<boolean> {
    const [changed] = (await this.#d1.batch([
      this.#d1.prepare(SET_STATE).bind(id, state, note, entry.actor, entry.atMs),
      audit.statementIfChanged(entry),
    ])) as [D1Result, D1Result];
    return changed.results.length > 0;
  }
}

const SET_STATE = `
UPDATE letter_groups SET state = ?2, note = ?3, changed_by = ?4, changed_at_ms = ?5 WHERE id = ?1 RETURNING id`;
