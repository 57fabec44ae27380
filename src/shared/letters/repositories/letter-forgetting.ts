import { eq } from "drizzle-orm";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import { deadLetters } from "#repositories/ops-tables.ts";
import { type Lookup, remainderOfLetter } from "../forgotten-record.ts";
import { searchTextOf } from "../mask.ts";

/** Letters that one call looks at, and characters of their records: a letter may be large. Ours. */
const MAX_LETTERS = 100;
const MAX_CHARACTERS = 4_000_000;
/** How often a letter is read again after somebody has changed it. Ours. */
const MAX_PASSES = 20;

export type Swept = {
  /** The row after which the next call goes on; `null` at the end. */
  readonly last: number | null;
  readonly redacted: number;
  readonly emptied: number;
};

/** Takes somebody who was forgotten out of the letters that are stored. */
export class LetterForgetting {
  readonly #d1: D1Database;
  readonly #db: DrizzleD1Database;

  constructor(d1: D1Database) {
    this.#d1 = d1;
    this.#db = drizzle(d1);
  }

  /**
   * Looks at a bounded number of letters after a row. A letter that is about somebody who was forgotten loses what is
   * personal, its edits, or everything. Safe to repeat.
   */
  async sweep(after: number, lookup: Lookup): Promise<Swept> {
    const { results } = await this.#d1
      .prepare(SIZES)
      .bind(after, MAX_LETTERS)
      .all<{ row: number; size: number; id: string }>();
    let [characters, redacted, emptied] = [0, 0, 0];
    for (const [i, { row, size, id }] of results.entries()) {
      characters += size;
      if (i > 0 && characters > MAX_CHARACTERS) return { last: results[i - 1]?.row ?? row, redacted, emptied };
      const done = await this.#redact(id, lookup);
      redacted += Number(done === "redacted");
      emptied += Number(done === "emptied");
    }
    const last = results.length < MAX_LETTERS ? null : (results.at(-1)?.row ?? null);
    return { last, redacted, emptied };
  }

  async #redact(id: string, lookup: Lookup): Promise<"redacted" | "emptied" | "untouched"> {
    for (let pass = 0; pass < MAX_PASSES; pass++) {
      const letter = await this.#db.select().from(deadLetters).where(eq(deadLetters.id, id)).get();
      const left = letter && remainderOfLetter(letter, lookup);
      if (!left) return "untouched";
      const { record, failure, edited, emptiedAtMs, lastFailedAtMs, revision } = left;
      const search = searchTextOf(record, failure);
      const [written] = await this.#d1.batch([
        this.#d1
          .prepare(PUT)
          .bind(
            id,
            lastFailedAtMs,
            revision,
            JSON.stringify(record),
            JSON.stringify(failure),
            edited,
            emptiedAtMs,
            search,
          ),
        this.#d1.prepare(DROP_REVISIONS).bind(id, lastFailedAtMs, revision),
      ]);
      if (written && written.meta.changes > 0) return emptiedAtMs === null ? "redacted" : "emptied";
    }
    throw new Error(
      `operators or failures kept changing the letter ${id}; it was left as it is, and the step is repeated`,
    );
  }
}

const SIZES = `SELECT rowid AS row, id, octet_length(record) + coalesce(octet_length(edited), 0) AS size
  FROM dead_letters WHERE rowid > ?1 ORDER BY rowid LIMIT ?2`;

const PUT = `UPDATE dead_letters SET record = ?4, failure = ?5, edited = ?6, emptied_at_ms = ?7, search = ?8
  WHERE id = ?1 AND last_failed_at_ms = ?2 AND revision = ?3`;

const DROP_REVISIONS = `DELETE FROM letter_revisions WHERE letter_id = ?1 AND EXISTS (
  SELECT 1 FROM dead_letters WHERE id = ?1 AND last_failed_at_ms = ?2 AND revision = ?3
)`;
