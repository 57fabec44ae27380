import { and, count, eq, gt, gte, lt, lte, min, or, type SQL, sql } from "drizzle-orm";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import { isPlainText } from "../contracts/define.ts";
import { topicPartsOf } from "../contracts/topic.ts";
import { fingerprintOf, signatureOf } from "../desk/fingerprint.ts";
import { searchTextOf } from "../desk/mask.ts";
import { LETTER_STATES, type LetterState } from "../desk/states.ts";
import { deviceKeyOf } from "../domain/event.ts";
import { deviceIdOfRecord, eventIdOf, type Letter, type Settlement } from "../queue/letter.ts";
import { packBySize } from "../queue/pack.ts";
import { ARRIVALS, CLAIM, PARK, RELEASE, SETTLE } from "./dead-letter-statements.ts";
import { startingWith, within } from "./keyset.ts";
import { isOneOf } from "./one-of.ts";
import { deadLetters } from "./tables.ts";

/** A letter as it lies in D1. */
export type StoredLetter = typeof deadLetters.$inferSelect;

/** Where a page ends. Letters are ordered by their last failure, newest first, then by id. */
export type LetterPosition = { readonly lastFailedAtMs: number; readonly id: string };

/** What narrows letters down. All of it has to hold. */
export type LetterCondition = {
  readonly state?: LetterState | undefined;
  readonly topic?: string | undefined;
  readonly source?: string | undefined;
  readonly deviceKey?: string | undefined;
  readonly reason?: StoredLetter["reason"] | undefined;
  readonly groupId?: string | undefined;
  /** Of the last failure: from `sinceMs` on, and before `untilMs`. */
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
  /** Words of what may be searched, which is nothing personal; the last may be the beginning of one. */
  readonly text?: string | undefined;
};

export type LetterFilter = LetterCondition & {
  /** 1 to 100. */
  readonly first: number;
  readonly after?: LetterPosition | undefined;
};

/** Under which name letters are claimed, and when. */
export type Claim = { readonly runId: string; readonly nowMs: number; readonly force?: boolean };

export type Standing = Pick<StoredLetter, "id" | "state" | "outcome" | "runId">;

/** Letters by when they failed last. */
export type Arrivals = {
  readonly lately: number;
  readonly before: number;
  /** The last failure of the open letter that has waited longest. */
  readonly oldestWaitingMs: number | null;
};

export type LetterPage = { readonly letters: readonly StoredLetter[]; readonly next: LetterPosition | null };

export type LetterCount = {
  readonly state: LetterState;
  readonly reason: StoredLetter["reason"];
  readonly count: number;
};

/**
 * How long a replay may stay away. Its outcome usually returns within a second; after this long it may be replayed
 * again, so that no letter stays "replaying" for ever because an outcome was lost. If both come back, the second finds
 * a duplicate.
 */
export const REPLAY_LEASE_MS = 5 * 60_000;

/** What one statement takes as its parameter; D1 refuses strings over 2 MB. Ours, with room for escapes. */
export const MAX_STATEMENT = { maxBytes: 1_000_000, maxItems: 1_000 };

/**
 * The only SQL for dead letters. Letters and settlements may arrive late, repeated and in any order: what decides is
 * when a record failed and when it was settled, never when we heard of it.
 */
export class DeadLetterRepository {
  readonly #d1: D1Database;
  readonly #db: DrizzleD1Database;

  constructor(d1: D1Database) {
    this.#d1 = d1;
    this.#db = drizzle(d1);
  }

  /**
   * Stores letters. A record that failed again raises its letter's count and opens it; a letter that is delivered again
   * changes nothing.
   * @throws whatever D1 throws; then nothing was stored, and the call may be repeated.
   */
  async park(letters: readonly Letter[]): Promise<void> {
    // Oldest first, so that two failures of one record in one call count as two.
    const rows = (await Promise.all(letters.map(rowOf))).sort((a, b) => a.failedAtMs - b.failedAtMs);
    await this.#runAll(PARK, rows);
  }

  /**
   * Closes letters whose replay came to its end, unless the record failed again after that. The first outcome stands: a
   * replay that the queue delivers twice is a duplicate the second time.
   * @throws whatever D1 throws; then nothing was closed, and the call may be repeated.
   */
  async settle(settlements: readonly Settlement[]): Promise<void> {
    await this.#runAll(SETTLE, settlements);
  }

  /**
   * Puts letters in that were taken out, here or elsewhere, as they were. One that is known already stays as it is.
   * @returns how many were not known
   */
  async importAll(letters: readonly StoredLetter[]): Promise<number> {
    if (letters.length === 0) return 0;
    const rows = await Promise.all(
      letters.map(async ({ record, failure, ...letter }) => {
        const signature = signatureOf(record.topic, failure);
        return {
          ...letter,
          record,
          failure,
          groupId: await fingerprintOf(signature),
          signature,
          search: searchTextOf(record, failure),
        };
      }),
    );
    const inserts = rows.map((row) =>
      this.#db.insert(deadLetters).values(row).onConflictDoNothing().returning({ id: deadLetters.id }),
    );
    const [first, ...others] = inserts;
    const added = first ? await this.#db.batch([first, ...others]) : [];
    return added.flat().length;
  }

  async find(id: string): Promise<StoredLetter | null> {
    return (await this.#db.select().from(deadLetters).where(eq(deadLetters.id, id)).get()) ?? null;
  }

  /**
   * A page of letters, newest failure first: of `first` letters, or of fewer that are large. A letter that fails again
   * while somebody pages moves to the front: it may be seen twice, and is never lost.
   */
  async list({ first, after, ...condition }: LetterFilter): Promise<LetterPage> {
    const limit = first + 1;
    const sizes = await this.#newest<LetterPosition & { bytes: number }>(condition, {
      select: sql`id, last_failed_at_ms AS lastFailedAtMs, ${LETTER_BYTES} AS bytes`,
      limit,
      after,
    });
    const [fitting = []] = partsOf(sizes.slice(0, first));
    const last = fitting.at(-1);
    return {
      letters: await this.#findAll(fitting.map(({ id }) => id)),
      next: last && fitting.length < sizes.length ? { lastFailedAtMs: last.lastFailedAtMs, id: last.id } : null,
    };
  }

  /** The ids of all letters that a condition holds for, newest failure first, and no more than so many. */
  async idsWhere(condition: LetterCondition, limit: number): Promise<string[]> {
    const rows = await this.#newest<{ id: string }>(condition, {
      select: sql`id, last_failed_at_ms AS lastFailedAtMs`,
      limit,
    });
    return rows.map(({ id }) => id);
  }

  /**
   * Letters by their ids and in their order, as many at once as fit in memory beside what is made of them; ids of none
   * are left out.
   */
  async *findInParts(ids: readonly string[]): AsyncGenerator<StoredLetter[]> {
    if (ids.length === 0) return;
    const sizes = await this.#db
      .select({ id: deadLetters.id, bytes: LETTER_BYTES })
      .from(deadLetters)
      .where(isOneOf(deadLetters.id, ids));
    const byId = new Map(sizes.map((each) => [each.id, each]));
    for (const part of partsOf(ids.flatMap((id) => byId.get(id) ?? []))) {
      yield this.#findAll(part.map(({ id }) => id));
    }
  }

  /** In the order of the ids. */
  async #findAll(ids: readonly string[]): Promise<StoredLetter[]> {
    const found = await this.#db.select().from(deadLetters).where(isOneOf(deadLetters.id, ids));
    const byId = new Map(found.map((letter) => [letter.id, letter]));
    return ids.flatMap((id) => byId.get(id) ?? []);
  }

  /** How letters stand, without what they hold. */
  async standingOf(ids: readonly string[]): Promise<Standing[]> {
    const { id, state, outcome, runId } = deadLetters;
    return this.#db.select({ id, state, outcome, runId }).from(deadLetters).where(isOneOf(deadLetters.id, ids));
  }

  /** Every index leads to a state: all states are one walk through an index each, and not a sort of the whole table. */
  #newest<Row>(
    { state, ...condition }: LetterCondition,
    { select, limit, after }: { select: SQL; limit: number; after?: LetterPosition | undefined },
  ): Promise<Row[]> {
    const narrowed = and(conditionOf(condition), after && isBehind(after));
    const walks = (state ? [state] : LETTER_STATES).map((each) => {
      const where = and(eq(deadLetters.state, each), narrowed);
      return sql`SELECT * FROM (SELECT ${select} FROM ${deadLetters} WHERE ${where} ORDER BY last_failed_at_ms DESC, id LIMIT ${limit})`;
    });
    const all = sql.join(walks, sql` UNION ALL `);
    return this.#db.all<Row>(sql`SELECT * FROM (${all}) ORDER BY lastFailedAtMs DESC, id LIMIT ${limit}`);
  }

  /**
   * Claims letters for a replay: of several callers one gets each. Whoever asks again under the same name gets his own
   * again.
   * @returns the ids of those that are claimed; the others are unknown, closed, quarantined, emptied, or replayed by
   * somebody else since less than `REPLAY_LEASE_MS`
   */
  async claim(ids: readonly string[], { runId, nowMs, force = false }: Claim): Promise<string[]> {
    const { results } = await this.#d1
      .prepare(CLAIM)
      .bind(JSON.stringify(ids), nowMs, nowMs - REPLAY_LEASE_MS, runId, Number(force))
      .all<{ id: string }>();
    return results.map(({ id }) => id);
  }

  /** Takes claims back, for replays that could not be sent. @param nowMs the time the claim was made with. */
  async release(ids: readonly string[], { nowMs }: Pick<Claim, "nowMs">): Promise<void> {
    await this.#d1.prepare(RELEASE).bind(JSON.stringify(ids), nowMs).run();
  }

  /**
   * How the waiting letters stand in time.
   * @param sinceMs how many failed last from then on
   * @param beforeMs and how many between this and that
   */
  async arrivals(sinceMs: number, beforeMs: number): Promise<Arrivals> {
    const row = await this.#d1.prepare(ARRIVALS).bind(sinceMs, beforeMs).first<Arrivals>();
    return row ?? { lately: 0, before: 0, oldestWaitingMs: null };
  }

  /** The last failure of the open letter that has waited longest. */
  async oldestWaitingMs(): Promise<number | null> {
    const [row] = await this.#db
      .select({ oldest: min(deadLetters.lastFailedAtMs) })
      .from(deadLetters)
      .where(eq(deadLetters.state, "open"));
    return row?.oldest ?? null;
  }

  /** How many letters there are of each state and reason. Reads every letter's row once. */
  async summary(): Promise<LetterCount[]> {
    return this.#db
      .select({ state: deadLetters.state, reason: deadLetters.reason, count: count() })
      .from(deadLetters)
      .groupBy(deadLetters.state, deadLetters.reason)
      .orderBy(deadLetters.state, deadLetters.reason);
  }

  /** Runs a statement over items, all of them or none. It takes one call of D1, however many items there are. */
  async #runAll(statement: string, items: readonly unknown[]): Promise<void> {
    if (items.length === 0) return;
    const runs = packBySize(items, MAX_STATEMENT);
    await this.#d1.batch(runs.map((run) => this.#d1.prepare(statement).bind(JSON.stringify(run))));
  }
}

/** Letters that are in memory at once: each as D1 sends it, as text, and as what is made of it. Ours. */
const READ_AT_ONCE = { maxBytes: 1_000_000, maxItems: 500 };

/** What stands in a letter's row, as far as a producer can make it large. */
const LETTER_BYTES = sql<number>`octet_length(${deadLetters.record}) + coalesce(octet_length(${deadLetters.edited}), 0)
  + octet_length(${deadLetters.failure})`;

/** Runs of neighbours that may be read at once; at least one letter each. */
const partsOf = <T extends { readonly bytes: number }>(sizes: readonly T[]): T[][] =>
  packBySize(sizes, READ_AT_ONCE, ({ bytes }) => bytes);

/** The first of the two says nothing that the second does not, but an index can begin with it and not with an OR. */
const isBehind = ({ lastFailedAtMs, id }: LetterPosition) =>
  and(
    lte(deadLetters.lastFailedAtMs, lastFailedAtMs),
    or(lt(deadLetters.lastFailedAtMs, lastFailedAtMs), gt(deadLetters.id, id)),
  );

function conditionOf(condition: Omit<LetterCondition, "state">): SQL | undefined {
  const { topic, source, deviceKey, reason, groupId, sinceMs, untilMs, text } = condition;
  return and(
    topic === undefined ? undefined : eq(deadLetters.topic, topic),
    source === undefined ? undefined : within(deadLetters.topic, startingWith(`device.${source}.`)),
    deviceKey === undefined ? undefined : eq(deadLetters.deviceKey, deviceKey),
    reason === undefined ? undefined : eq(deadLetters.reason, reason),
    groupId === undefined ? undefined : eq(deadLetters.groupId, groupId),
    sinceMs === undefined ? undefined : gte(deadLetters.lastFailedAtMs, sinceMs),
    untilMs === undefined ? undefined : lt(deadLetters.lastFailedAtMs, untilMs),
    text === undefined
      ? undefined
      : sql`${deadLetters}.rowid IN (SELECT rowid FROM dead_letter_search WHERE dead_letter_search MATCH ${wordsOf(text)})`,
  );
}

/** Each word quoted, since FTS5 would read some as its own language: sqlite.org/fts5.html#full_text_query_syntax */
const wordsOf = (text: string): string => `${text.split(/\s+/).filter(Boolean).map(quoted).join(" ")}*`;
const quoted = (word: string): string => `"${word.replaceAll('"', '""')}"`;

/** The columns beside the record only help to find it, so what storage would not keep as it is stays out of them. */
async function rowOf(letter: Letter) {
  const { record, failure } = letter;
  const signature = signatureOf(record.topic, failure);
  const source = topicPartsOf(record.topic)?.source;
  const deviceId = plain(deviceIdOfRecord(record));
  return {
    ...letter,
    topic: plain(record.topic) ?? "unknown",
    eventId: plain(eventIdOf(record)),
    deviceKey: source && deviceId && deviceKeyOf(source, deviceId),
    groupId: await fingerprintOf(signature),
    signature,
    search: searchTextOf(record, failure),
  };
}

const plain = (text: string | undefined): string | undefined => (text && isPlainText(text) ? text : undefined);
