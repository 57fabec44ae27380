import { isNull } from "drizzle-orm";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import { DAY_MS } from "#domain/time.ts";
import { deadLetters } from "#repositories/ops-tables.ts";
import { fingerprintOf, signatureOf } from "../fingerprint.ts";
import { searchTextOf } from "../mask.ts";

/** How long the value of a resolved or discarded letter is kept, and how long the letter is kept without it. */
export const VALUE_RETENTION_MS = 30 * DAY_MS;
export const LETTER_RETENTION_MS = 180 * DAY_MS;
/** How many values of waiting letters a group keeps: half of them its oldest, half its newest. D1 has 10 GB in all. */
export const MAX_VALUES_A_GROUP = 20_000;
/** How many values and how many letters one call deletes at most. */
const SWEPT_AT_ONCE = 500;

/** How long letters and their values are kept. */
export class LetterRetention {
  readonly #d1: D1Database;
  readonly #db: DrizzleD1Database;

  constructor(d1: D1Database) {
    this.#d1 = d1;
    this.#db = drizzle(d1);
  }

  /**
   * Deletes what has been kept for long enough, a bounded number per call: the values of closed letters, then whole
   * closed letters, and the values in the middle of groups that have too many.
   * @returns how many values and how many letters were deleted
   */
  async sweep(nowMs: number): Promise<{ readonly emptied: number; readonly deleted: number }> {
    const [aged, crowded, deleted] = (await this.#d1.batch([
      this.#d1.prepare(EMPTY_AGED).bind(nowMs, nowMs - VALUE_RETENTION_MS, SWEPT_AT_ONCE),
      this.#d1.prepare(EMPTY_CROWDED).bind(nowMs, MAX_VALUES_A_GROUP, SWEPT_AT_ONCE),
      this.#d1.prepare(DELETE_AGED).bind(nowMs - LETTER_RETENTION_MS, SWEPT_AT_ONCE),
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

const EMPTIED =
  "record = json_set(record, '$.value', NULL, '$.headers', json('[]')), edited = NULL, emptied_at_ms = ?1";

const EMPTY_AGED = `
UPDATE dead_letters SET ${EMPTIED} WHERE id IN (
  SELECT id FROM dead_letters
  WHERE state IN ('resolved', 'discarded') AND last_failed_at_ms < ?2 AND emptied_at_ms IS NULL
    AND max(coalesce(settled_at_ms, 0), coalesce(discarded_at_ms, 0)) < ?2
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
    AND max(coalesce(settled_at_ms, 0), coalesce(discarded_at_ms, 0)) < ?1
  LIMIT ?2
) RETURNING id`;

const REGROUP = `
UPDATE dead_letters SET group_id = each.value->>'groupId', signature = each.value->>'signature', search = each.value->>'search'
FROM json_each(?1) AS each WHERE dead_letters.id = each.value->>'id'`;
