import { isNull } from "drizzle-orm";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import { type Kept, keptOf, RETENTION, type RetentionTable } from "#archive/retention.ts";
import { DAY_MS } from "#domain/time.ts";
import { deadLetters } from "#repositories/ops-tables.ts";
import { fingerprintOf, signatureOf } from "../fingerprint.ts";
import { searchTextOf } from "../mask.ts";

/** How many values and how many letters one call deletes at most. */
const SWEPT_AT_ONCE = 500;

/** Deletes letters and their values once they were kept for as long as the table of retentions says. */
export class LetterRetention {
  readonly #d1: D1Database;
  readonly #table: RetentionTable;
  readonly #db: DrizzleD1Database;

  constructor(d1: D1Database, table: RetentionTable = RETENTION) {
    this.#d1 = d1;
    this.#table = table;
    this.#db = drizzle(d1);
  }

  /**
   * Deletes what has been kept for long enough, a bounded number per call: the values of closed letters, then whole
   * closed letters, and the values in the middle of groups that have too many.
   * @returns how many values and how many letters were deleted
   */
  async sweep(nowMs: number): Promise<{ readonly emptied: number; readonly deleted: number }> {
    const values = cutoffs(this.#table, ({ letterValueDays }) => letterValueDays, nowMs);
    const whole = cutoffs(this.#table, ({ letterDays }) => letterDays, nowMs);
    const [aged, crowded, deleted] = (await this.#d1.batch([
      this.#d1.prepare(EMPTY_AGED).bind(nowMs, values.newest, SWEPT_AT_ONCE, values.every, values.topics),
      this.#d1.prepare(EMPTY_CROWDED).bind(nowMs, this.#table.letterValuesAGroup, SWEPT_AT_ONCE),
      this.#d1.prepare(DELETE_AGED).bind(whole.newest, SWEPT_AT_ONCE, whole.every, whole.topics),
    ])) as D1Result<{ id: string }>[] as [D1Result<{ id: string }>, D1Result<{ id: string }>, D1Result<{ id: string }>];
    // An edit's text may be as personal as the text that it replaced.
    const gone = [aged, crowded, deleted].flatMap(({ results }) => results.map(({ id }) => id));
    if (gone.length > 0) await this.#d1.prepare(FORGET_REVISIONS).bind(JSON.stringify(gone)).run();
    await this.#regroup();
    return { emptied: aged.results.length + crowded.results.length, deleted: deleted.results.length };
  }

  /** Gives a group to letters that an older Worker wrote without one. */
  async #regroup(): Promise<void> {
    const letters = await this.#db.select().from(deadLetters).where(isNull(deadLetters.groupId)).limit(SWEPT_AT_ONCE);
    const rows = await Promise.all(
      letters.map(async ({ id, record, failure }) => {
        const signature = signatureOf(record.topic, failure);
        return { id, groupId: await fingerprintOf(signature), signature, search: searchTextOf(record, failure) };
      }),
    );
    if (rows.length > 0) await this.#d1.prepare(REGROUP).bind(JSON.stringify(rows)).run();
  }
}

/**
 * Before which time a letter has to be closed to be deleted: `every` topic's, that of each topic for which it is different,
 * as JSON, and the newest of them, which bounds what a sweep looks at.
 */
function cutoffs(table: RetentionTable, daysOf: (kept: Kept) => number, nowMs: number) {
  const before = (kept: Kept) => nowMs - daysOf(kept) * DAY_MS;
  const every = before(table.every);
  const topics = Object.fromEntries(Object.keys(table.topics).map((topic) => [topic, before(keptOf(topic, table))]));
  return { every, topics: JSON.stringify(topics), newest: Math.max(every, ...Object.values(topics)) };
}

const EMPTIED =
  "record = json_set(record, '$.value', NULL, '$.headers', json('[]')), edited = NULL, emptied_at_ms = ?1";

const EMPTY_AGED = `
UPDATE dead_letters SET ${EMPTIED} WHERE id IN (
  SELECT id FROM dead_letters
  WHERE state IN ('resolved', 'discarded') AND last_failed_at_ms < ?2 AND emptied_at_ms IS NULL
    AND max(coalesce(settled_at_ms, 0), coalesce(discarded_at_ms, 0), last_failed_at_ms)
      < coalesce((SELECT value FROM json_each(?5) WHERE key = dead_letters.topic), ?4)
  LIMIT ?3
) RETURNING id`;

// The first failures show how it began, and the last how it is now; the thousands in between are alike.
const EMPTY_CROWDED = `
UPDATE dead_letters SET ${EMPTIED} WHERE id IN (
  SELECT id FROM (
    SELECT letter.id, letter.emptied_at_ms,
      row_number() OVER (PARTITION BY letter.group_id ORDER BY letter.first_failed_at_ms, letter.id) AS place,
      count(*) OVER (PARTITION BY letter.group_id) AS waiting
    FROM letter_groups AS crowd
    JOIN dead_letters AS letter ON letter.group_id = crowd.id AND letter.state IN ('open', 'quarantined')
    WHERE crowd.open + crowd.quarantined > ?2
  ) WHERE place > ?2 / 2 AND place <= waiting - ?2 / 2 AND emptied_at_ms IS NULL
  LIMIT ?3
) RETURNING id`;

const FORGET_REVISIONS = `
DELETE FROM letter_revisions WHERE letter_id IN (SELECT value FROM json_each(?1))`;

const DELETE_AGED = `
DELETE FROM dead_letters WHERE id IN (
  SELECT id FROM dead_letters
  WHERE state IN ('resolved', 'discarded') AND last_failed_at_ms < ?1
    AND max(coalesce(settled_at_ms, 0), coalesce(discarded_at_ms, 0), last_failed_at_ms)
      < coalesce((SELECT value FROM json_each(?4) WHERE key = dead_letters.topic), ?3)
  LIMIT ?2
) RETURNING id`;

const REGROUP = `
UPDATE dead_letters SET group_id = each.value->>'groupId', signature = each.value->>'signature', search = each.value->>'search'
FROM json_each(?1) AS each WHERE dead_letters.id = each.value->>'id'`;
