import { and, count, desc, eq, gt, lt, or, type SQL, sql } from "drizzle-orm";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import { isPlainText } from "../contracts/define.ts";
import { topicPartsOf } from "../contracts/topic.ts";
import { deviceKeyOf } from "../domain/event.ts";
import { deviceIdOfRecord, eventIdOf, type Letter, type Settlement } from "../queue/letter.ts";
import { packBySize } from "../queue/pack.ts";
import { deadLetters, LETTER_STATES, type LetterState } from "./tables.ts";

/** A letter as it lies in D1. */
export type StoredLetter = typeof deadLetters.$inferSelect;

/** Where a page ends. Letters are ordered by their last failure, newest first, then by id. */
export type LetterPosition = { readonly lastFailedAtMs: number; readonly id: string };

export type LetterFilter = {
  readonly state?: LetterState;
  readonly topic?: string;
  readonly reason?: StoredLetter["reason"];
  /** 1 to 100. */
  readonly first: number;
  readonly after?: LetterPosition;
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
const MAX_STATEMENT = { maxBytes: 1_000_000, maxItems: 1_000 };

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
    const rows = letters.map(rowOf).sort((a, b) => a.failedAtMs - b.failedAtMs);
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

  async find(id: string): Promise<StoredLetter | null> {
    return (await this.#db.select().from(deadLetters).where(eq(deadLetters.id, id)).get()) ?? null;
  }

  /**
   * A page of letters, newest failure first. A letter that fails again while somebody pages moves to the front: it may
   * be seen twice, and is never lost.
   */
  async list({ state, topic, reason, first, after }: LetterFilter): Promise<LetterPage> {
    const limit = first + 1;
    const narrowed = and(
      topic === undefined ? undefined : eq(deadLetters.topic, topic),
      reason === undefined ? undefined : eq(deadLetters.reason, reason),
      after && isBehind(after),
    );
    // The index leads with the state: all states are one walk through the index each, and not a sort of the whole table.
    const pages = (state ? [state] : LETTER_STATES).map((each) =>
      this.#idsOf(and(eq(deadLetters.state, each), narrowed), limit),
    );
    const letters = await this.#db
      .select()
      .from(deadLetters)
      .where(sql`${deadLetters.id} IN (${sql.join(pages, sql` UNION ALL `)})`)
      .orderBy(desc(deadLetters.lastFailedAtMs), deadLetters.id)
      .limit(limit);
    const page = letters.slice(0, first);
    const last = page.at(-1);
    return {
      letters: page,
      next: letters.length > first && last ? { lastFailedAtMs: last.lastFailedAtMs, id: last.id } : null,
    };
  }

  #idsOf(where: SQL | undefined, limit: number): SQL {
    const ids = this.#db
      .select({ id: deadLetters.id })
      .from(deadLetters)
      .where(where)
      .orderBy(desc(deadLetters.lastFailedAtMs), deadLetters.id)
      .limit(limit);
    return sql`SELECT id FROM ${ids}`;
  }

  /**
   * Claims a letter for a replay: of several callers one gets `true`.
   * @returns false when the letter is unknown, or is being replayed since less than `REPLAY_LEASE_MS`.
   */
  async markReplaying(id: string, nowMs: number): Promise<boolean> {
    const { meta } = await this.#d1
      .prepare(MARK_REPLAYING)
      .bind(id, nowMs, nowMs - REPLAY_LEASE_MS)
      .run();
    return meta.changes > 0;
  }

  /** Takes a claim back, for a replay that could not be sent. @param markedAtMs the time the claim was made with. */
  async unmarkReplaying(id: string, markedAtMs: number): Promise<void> {
    await this.#d1.prepare(UNMARK_REPLAYING).bind(id, markedAtMs).run();
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

const isBehind = ({ lastFailedAtMs, id }: LetterPosition) =>
  or(
    lt(deadLetters.lastFailedAtMs, lastFailedAtMs),
    and(eq(deadLetters.lastFailedAtMs, lastFailedAtMs), gt(deadLetters.id, id)),
  );

/** The columns beside the record only help to find it, so what storage would not keep as it is stays out of them. */
function rowOf(letter: Letter) {
  const { record } = letter;
  const source = topicPartsOf(record.topic)?.source;
  const deviceId = plain(deviceIdOfRecord(record));
  return {
    ...letter,
    topic: plain(record.topic) ?? "unknown",
    eventId: plain(eventIdOf(record)),
    deviceKey: source && deviceId && deviceKeyOf(source, deviceId),
  };
}

const plain = (text: string | undefined): string | undefined => (text && isPlainText(text) ? text : undefined);

// `failure` and `record` are taken out with ->, which keeps their text as JSON, escapes and all; the rest with ->>.
// Without `WHERE true` SQLite would read ON CONFLICT as the ON of a join.
const PARK = `
INSERT INTO dead_letters (
  id, state, topic, event_id, device_key, stage, reason, failure, record, failures,
  first_failed_at_ms, last_failed_at_ms, contract_version, worker_version, traceparent
)
SELECT
  value->>'id', 'open', value->>'topic', value->>'eventId', value->>'deviceKey', value->>'stage',
  value->'failure'->>'reason', value->'failure', value->'record', 1,
  value->>'failedAtMs', value->>'failedAtMs', value->>'contractVersion', value->>'workerVersion', value->>'traceparent'
FROM json_each(?1) WHERE true
ON CONFLICT (id) DO UPDATE SET
  state = CASE WHEN excluded.last_failed_at_ms > coalesce(settled_at_ms, 0) THEN 'open' ELSE state END,
  outcome = CASE WHEN excluded.last_failed_at_ms > coalesce(settled_at_ms, 0) THEN NULL ELSE outcome END,
  topic = excluded.topic,
  event_id = excluded.event_id,
  device_key = excluded.device_key,
  stage = excluded.stage,
  reason = excluded.reason,
  failure = excluded.failure,
  record = excluded.record,
  failures = failures + 1,
  last_failed_at_ms = excluded.last_failed_at_ms,
  contract_version = excluded.contract_version,
  worker_version = excluded.worker_version,
  traceparent = excluded.traceparent
WHERE excluded.last_failed_at_ms > dead_letters.last_failed_at_ms`;

// SQLite takes `outcome` from the row that has the least settledAtMs: sqlite.org/lang_select.html#bareagg
const SETTLE = `
UPDATE dead_letters SET state = 'resolved', outcome = ended.outcome, settled_at_ms = ended.at_ms
FROM (
  SELECT letter.id, settlement.value->>'outcome' AS outcome, min(settlement.value->>'settledAtMs') AS at_ms
  FROM json_each(?1) AS settlement
  CROSS JOIN dead_letters AS letter ON letter.id = settlement.value->>'letterId'
  WHERE letter.state <> 'resolved' AND letter.last_failed_at_ms <= settlement.value->>'settledAtMs'
  GROUP BY letter.id
) AS ended
WHERE dead_letters.id = ended.id`;

const MARK_REPLAYING = `
UPDATE dead_letters SET state = 'replaying', replays = replays + 1, replayed_at_ms = ?2
WHERE id = ?1 AND (state <> 'replaying' OR replayed_at_ms <= ?3)`;

const UNMARK_REPLAYING = `
UPDATE dead_letters SET
  state = CASE WHEN settled_at_ms >= last_failed_at_ms THEN 'resolved' ELSE 'open' END,
  replays = replays - 1,
  replayed_at_ms = NULL
WHERE id = ?1 AND state = 'replaying' AND replayed_at_ms = ?2`;
