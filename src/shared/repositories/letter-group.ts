import { and, desc, eq, gt, inArray, lt, lte, or } from "drizzle-orm";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import type { GroupState } from "../desk/states.ts";
import type { LetterPosition } from "./dead-letter.ts";
import type { Audited } from "./letter-change.ts";
import { isOneOf } from "./one-of.ts";
import { letterDepths, letterGroupHours, letterGroups } from "./tables.ts";

/** A group as it lies in D1. */
export type StoredGroup = typeof letterGroups.$inferSelect;

export type GroupFilter = {
  readonly state?: GroupState | undefined;
  readonly topic?: string | undefined;
  readonly reason?: StoredGroup["reason"] | undefined;
  readonly first: number;
  readonly after?: LetterPosition | undefined;
};

/** Letters of one reason, by their state. */
export type Depth = Pick<StoredGroup, "reason" | "open" | "replaying" | "quarantined" | "resolved" | "discarded">;

const HOUR_MS = 3_600_000;

/** What an operator says of a group. */
export type GroupChange = {
  readonly id: string;
  readonly state: Exclude<GroupState, "regressed">;
  readonly note: string | null;
};

/** Letters of one fingerprint, counted. Nobody writes the counts: triggers do, whoever writes a letter. */
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

  /** A page of groups, newest failure first. @returns one more than `first` where there is a next page */
  async list({ state, topic, reason, first, after }: GroupFilter): Promise<StoredGroup[]> {
    return this.#db
      .select()
      .from(letterGroups)
      .where(
        and(
          state === undefined ? undefined : eq(letterGroups.state, state),
          topic === undefined ? undefined : eq(letterGroups.topic, topic),
          reason === undefined ? undefined : eq(letterGroups.reason, reason),
          after &&
            and(
              lte(letterGroups.lastFailedAtMs, after.lastFailedAtMs),
              or(lt(letterGroups.lastFailedAtMs, after.lastFailedAtMs), gt(letterGroups.id, after.id)),
            ),
        ),
      )
      .orderBy(desc(letterGroups.lastFailedAtMs), letterGroups.id)
      .limit(first + 1);
  }

  /** Those that nobody has dealt with yet, newest failure first, and no more than so many. */
  async waiting(limit: number): Promise<StoredGroup[]> {
    return this.#db
      .select()
      .from(letterGroups)
      .where(inArray(letterGroups.state, ["open", "regressed"]))
      .orderBy(desc(letterGroups.lastFailedAtMs))
      .limit(limit);
  }

  /** How many letters of each reason are in each state. Reads a row a reason, however many groups there are. */
  async depths(): Promise<Depth[]> {
    return this.#db.select().from(letterDepths);
  }

  /** Failures of each of these groups by hour, oldest first, up to the current hour. */
  async trends(ids: readonly string[], hours: number, nowMs: number): Promise<Map<string, number[]>> {
    const current = Math.floor(nowMs / HOUR_MS);
    const rows = await this.#db
      .select()
      .from(letterGroupHours)
      .where(and(isOneOf(letterGroupHours.groupId, ids), gt(letterGroupHours.hour, current - hours)));
    const trends = new Map(ids.map((id) => [id, Array.from({ length: hours }, () => 0)]));
    for (const { groupId, hour, failures } of rows) {
      const trend = trends.get(groupId);
      // A clock that is ahead of ours counts for now.
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
