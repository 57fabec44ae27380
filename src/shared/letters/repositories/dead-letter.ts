import { and, count, eq, min, type SQL, sql } from "drizzle-orm";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import { isPlainText } from "#contracts/envelope.ts";
import { parseTopic } from "#contracts/topic.ts";
import { deviceKeyOf } from "#domain/event.ts";
import { MINUTE_MS } from "#domain/time.ts";
import { packBySize } from "#json/pack.ts";
import type { SortOf } from "#ops/sorts.ts";
import { inRange, prefixRange } from "#repositories/keyset.ts";
import { type NumberPosition, numberOrder } from "#repositories/number-order.ts";
import { inTexts, MAX_STATEMENT } from "#repositories/one-of.ts";
import { deadLetters } from "#repositories/ops-tables.ts";
import { fingerprintOf, signatureOf } from "../fingerprint.ts";
import { deviceIdOfRecord, eventIdOf, type Letter, type Settlement } from "../letter.ts";
import { searchTextOf } from "../mask.ts";
import { LETTER_STATES, type LetterState } from "../states.ts";
import { ARRIVALS, CLAIM, PARK, RELEASE, SETTLE } from "./dead-letter-statements.ts";
import { withoutForgottenRecords } from "./forgotten-records.ts";

/** A letter as D1 stores it. */
export type StoredLetter = typeof deadLetters.$inferSelect;

/** Conditions on letters. All of them have to hold. */
export type LetterCondition = {
  readonly state?: LetterState | undefined;
  readonly topic?: string | undefined;
  readonly source?: string | undefined;
  readonly deviceKey?: string | undefined;
  readonly reason?: StoredLetter["reason"] | undefined;
  readonly groupId?: string | undefined;
  /** When it last failed: from `sinceMs` (inclusive) to `untilMs` (exclusive). */
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
  /** Words of the searchable text, which contains no personal data. The last word may be a prefix. */
  readonly text?: string | undefined;
};

export type LetterFilter = LetterCondition & {
  /** 1 to 100. */
  readonly first: number;
  /** By the last failure, newest first, unless given. */
  readonly sort?: SortOf<"letters"> | undefined;
  readonly after?: NumberPosition | undefined;
};

/** The run that claims letters, and the time of the claim. */
export type Claim = { readonly runId: string; readonly nowMs: number; readonly force?: boolean };

export type Standing = Pick<StoredLetter, "id" | "state" | "outcome" | "runId">;

/** Letters counted by the time of their last failure. */
export type Arrivals = {
  readonly lately: number;
  readonly before: number;
  /** The last failure of the open letter that has waited longest. */
  readonly oldestWaitingMs: number | null;
};

/** What is read of each letter of a list, and where reading begins and ends. */
type Walk = Pick<LetterFilter, "after"> & {
  readonly select: SQL;
  readonly limit: number;
  readonly isDescending?: boolean | undefined;
};

export type LetterPage = { readonly letters: readonly StoredLetter[]; readonly next: NumberPosition | null };

export type LetterCount = {
  readonly state: LetterState;
  readonly reason: StoredLetter["reason"];
  readonly count: number;
};

/**
 * How long a replay waits for its outcome, which usually arrives within a second. After that the letter may be replayed
 * again, so that a lost outcome does not leave it "replaying" for ever. If both outcomes arrive, the second is a
 * duplicate.
 */
export const REPLAY_LEASE_MS = 5 * MINUTE_MS;

/**
 * The only SQL for dead letters. Letters and settlements may arrive late, repeated and in any order: what counts is
 * when a record failed and when it was settled, not when that was reported.
 */
export class DeadLetterRepository {
  readonly #d1: D1Database;
  readonly #db: DrizzleD1Database;

  constructor(d1: D1Database) {
    this.#d1 = d1;
    this.#db = drizzle(d1);
  }

  /**
   * Stores letters. A record that failed again raises its letter's count and opens it; a repeated delivery of a letter
   * changes nothing.
   * @throws the errors of D1. Nothing was stored then, and the call may be repeated.
   */
  async park(letters: readonly Letter[]): Promise<void> {
    // Oldest first, so that two failures of one record in one call count as two.
    const kept = await withoutForgottenRecords(this.#d1, letters, Date.now());
    const rows = (await Promise.all(kept.map(toRow))).sort((a, b) => a.failedAtMs - b.failedAtMs);
    await this.#runAll(PARK, rows);
  }

  /**
   * Closes letters whose replay has an outcome, unless the record failed again after that. The first outcome stays: a
   * replay that the queue delivers twice is a duplicate the second time.
   * @throws the errors of D1. Nothing was closed then, and the call may be repeated.
   */
  async settle(settlements: readonly Settlement[]): Promise<void> {
    await this.#runAll(SETTLE, settlements);
  }

  /**
   * Inserts exported letters, of this or another deployment, unchanged. A letter that exists already stays as it is.
   * @returns how many were inserted
   */
  async importAll(letters: readonly StoredLetter[]): Promise<number> {
    if (letters.length === 0) return 0;
    const kept = await withoutForgottenRecords(this.#d1, letters, Date.now());
    const rows = await Promise.all(
      kept.map(async ({ record, failure, ...letter }) => {
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
   * A page of letters: `first` of them, or fewer if they are large. With the newest failure first, a letter that fails
   * again while somebody pages moves to the front, so it may be seen twice and is never missed.
   */
  async list({ first, sort, after, ...condition }: LetterFilter): Promise<LetterPage> {
    const limit = first + 1;
    const sizes = await this.#walk<{ id: string; lastFailedAtMs: number; bytes: number }>(condition, {
      select: sql`id, last_failed_at_ms AS lastFailedAtMs, ${LETTER_BYTES} AS bytes`,
      limit,
      isDescending: sort?.isDescending,
      after,
    });
    const [fitting = []] = splitBySize(sizes.slice(0, first));
    const last = fitting.at(-1);
    return {
      letters: await this.#findAll(fitting.map(({ id }) => id)),
      next: last && fitting.length < sizes.length ? { value: last.lastFailedAtMs, id: last.id } : null,
    };
  }

  /** The ids of all letters that match a condition, newest failure first, up to a limit. */
  async idsWhere(condition: LetterCondition, limit: number): Promise<string[]> {
    const rows = await this.#walk<{ id: string }>(condition, {
      select: sql`id, last_failed_at_ms AS lastFailedAtMs`,
      limit,
    });
    return rows.map(({ id }) => id);
  }

  /**
   * Letters by their ids, in the order of the ids, as many at once as fit in memory with what is computed from them.
   * Unknown ids are left out.
   */
  async *findInParts(ids: readonly string[]): AsyncGenerator<StoredLetter[]> {
    if (ids.length === 0) return;
    const sizes = await this.#db
      .select({ id: deadLetters.id, bytes: LETTER_BYTES })
      .from(deadLetters)
      .where(inTexts(deadLetters.id, ids));
    const byId = new Map(sizes.map((each) => [each.id, each]));
    for (const part of splitBySize(ids.flatMap((id) => byId.get(id) ?? []))) {
      yield this.#findAll(part.map(({ id }) => id));
    }
  }

  /** In the order of the ids. */
  async #findAll(ids: readonly string[]): Promise<StoredLetter[]> {
    const found = await this.#db.select().from(deadLetters).where(inTexts(deadLetters.id, ids));
    const byId = new Map(found.map((letter) => [letter.id, letter]));
    return ids.flatMap((id) => byId.get(id) ?? []);
  }

  /** The states of letters, without their contents. */
  async findStandings(ids: readonly string[]): Promise<Standing[]> {
    const { id, state, outcome, runId } = deadLetters;
    return this.#db.select({ id, state, outcome, runId }).from(deadLetters).where(inTexts(deadLetters.id, ids));
  }

  /**
   * Every index begins with the state, so a query for all states walks the index once per state instead of sorting the
   * table.
   */
  #walk<Row>(
    { state, ...condition }: LetterCondition,
    { select, limit, isDescending = true, after }: Walk,
  ): Promise<Row[]> {
    const { orderBy, behind } = numberOrder({ number: deadLetters.lastFailedAtMs, id: deadLetters.id, isDescending });
    const narrowed = and(conditionOf(condition), after && behind(after));
    const order = sql.join(orderBy, sql`, `);
    const walks = (state ? [state] : LETTER_STATES).map((each) => {
      const where = and(eq(deadLetters.state, each), narrowed);
      return sql`SELECT * FROM (SELECT ${select} FROM ${deadLetters} WHERE ${where} ORDER BY ${order} LIMIT ${limit})`;
    });
    const all = sql.join(walks, sql` UNION ALL `);
    const merged = isDescending ? sql`lastFailedAtMs DESC, id` : sql`lastFailedAtMs, id DESC`;
    return this.#db.all<Row>(sql`SELECT * FROM (${all}) ORDER BY ${merged} LIMIT ${limit}`);
  }

  /**
   * Claims letters for a replay. Of several runs, one gets each letter; a run that repeats its claim gets its letters
   * again.
   * @returns the ids that are claimed. The others are unknown, closed, quarantined, without a value, or claimed by
   * another run less than `REPLAY_LEASE_MS` ago
   */
  async claim(ids: readonly string[], { runId, nowMs, force = false }: Claim): Promise<string[]> {
    const { results } = await this.#d1
      .prepare(CLAIM)
      .bind(JSON.stringify(ids), nowMs, nowMs - REPLAY_LEASE_MS, runId, Number(force))
      .all<{ id: string }>();
    return results.map(({ id }) => id);
  }

  /** Releases claims, for replays that could not be sent. @param nowMs the time that the claim was made with. */
  async release(ids: readonly string[], { nowMs }: Pick<Claim, "nowMs">): Promise<void> {
    await this.#d1.prepare(RELEASE).bind(JSON.stringify(ids), nowMs).run();
  }

  /**
   * Counts the waiting letters by the time of their last failure.
   * @param sinceMs counts those that last failed from then on
   * @param beforeMs and those between this and `sinceMs`
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

  /** Runs a statement over items, all of them or none. This takes one call of D1, however many items there are. */
  async #runAll(statement: string, items: readonly unknown[]): Promise<void> {
    if (items.length === 0) return;
    const runs = packBySize(items, MAX_STATEMENT);
    await this.#d1.batch(runs.map((run) => this.#d1.prepare(statement).bind(JSON.stringify(run))));
  }
}

/** The size of the letters that are in memory at once, each as D1's answer, as text and as parsed. Ours. */
const READ_AT_ONCE = { maxBytes: 1_000_000, maxItems: 500 };

/** The columns of a letter's row that a producer can make large. */
const LETTER_BYTES = sql<number>`octet_length(${deadLetters.record}) + coalesce(octet_length(${deadLetters.edited}), 0)
  + octet_length(${deadLetters.failure})`;

/** Consecutive letters that may be read at once; at least one letter each. */
const splitBySize = <T extends { readonly bytes: number }>(sizes: readonly T[]): T[][] =>
  packBySize(sizes, READ_AT_ONCE, ({ bytes }) => bytes);

function conditionOf(condition: Omit<LetterCondition, "state">): SQL | undefined {
  const { topic, source, deviceKey, reason, groupId, sinceMs, untilMs, text } = condition;
  return and(
    topic === undefined ? undefined : eq(deadLetters.topic, topic),
    source === undefined ? undefined : inRange(deadLetters.topic, prefixRange(`device.${source}.`)),
    deviceKey === undefined ? undefined : eq(deadLetters.deviceKey, deviceKey),
    reason === undefined ? undefined : eq(deadLetters.reason, reason),
    groupId === undefined ? undefined : eq(deadLetters.groupId, groupId),
    inRange(deadLetters.lastFailedAtMs, { from: sinceMs, to: untilMs }),
    text === undefined
      ? undefined
      : sql`${deadLetters}.rowid IN (SELECT rowid FROM dead_letter_search WHERE dead_letter_search MATCH ${toMatchQuery(text)})`,
  );
}

/** Each word quoted, since FTS5 would read some as operators: sqlite.org/fts5.html#full_text_query_syntax */
const toMatchQuery = (text: string): string => `${text.split(/\s+/).filter(Boolean).map(quoted).join(" ")}*`;
const quoted = (word: string): string => `"${word.replaceAll('"', '""')}"`;

/**
 * The columns beside the record only serve searches, so text that SQLite would not store unchanged is left out of them.
 */
async function toRow(letter: Letter) {
  const { record, failure } = letter;
  const signature = signatureOf(record.topic, failure);
  const source = parseTopic(record.topic)?.source;
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
