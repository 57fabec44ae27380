import { quotesOneOf } from "#domain/quotes.ts";
import { REDACTED } from "#domain/redacted.ts";

/** Where operators write what they like, beside the audit log; the last is what an edit of a letter has changed. */
const PLACES = [
  { table: "dead_letters", column: "discard_reason", text: "discard_reason", redacted: "?1" },
  { table: "letter_groups", column: "note", text: "note", redacted: "?1" },
  { table: "letter_revisions", column: "reason", text: "reason", redacted: "?1" },
  { table: "replay_runs", column: "run", text: "run ->> '$.name'", redacted: "json_set(run, '$.name', ?1)" },
  { table: "letter_revisions", column: "patch", text: "patch", redacted: "'[]'" },
] as const;

export type WordsLookup = {
  /** Personal texts of the customer. */
  readonly texts: readonly string[];
  readonly ids: readonly string[];
  readonly after: string | null;
  /** Rows of one call. */
  readonly limit: number;
};

export type WordsSwept = {
  /** Where the next call goes on; `null` at the end. */
  readonly next: string | null;
  readonly changed: number;
};

/** Characters that one call reads, at most by one row more: a patch may be as large as a record. Ours. */
const MAX_CHARACTERS = 4_000_000;

/**
 * Replaces the words of operators that quote one of the texts, and patches that quote one or have one of the ids, whatever
 * else they have: who did it and when stays. Looks at a bounded number of rows. Safe to repeat.
 * @param after `{place}:{row}` of the row that was looked at last, `null` at the beginning
 */
export async function redactOperatorsWords(
  db: D1Database,
  { texts, ids, after, limit }: WordsLookup,
): Promise<WordsSwept> {
  const [index = 0, row = 0] = after === null ? [] : after.split(":").map(Number);
  const place = PLACES[index];
  if (!place) return { next: null, changed: 0 };
  const { table, column, text, redacted } = place;
  const quoted = column === "patch" ? [...texts, ...ids] : texts;
  const { results: sizes } = await db
    .prepare(
      `SELECT rowid AS row, octet_length(${column}) AS size FROM ${table} WHERE rowid > ?1 AND ${column} IS NOT NULL ORDER BY rowid LIMIT ?2`,
    )
    .bind(row, limit)
    .all<{ row: number; size: number }>();
  let characters = 0;
  const taken = sizes.filter(({ size }, i) => {
    characters += size;
    return i === 0 || characters <= MAX_CHARACTERS;
  });
  const last = taken.at(-1)?.row ?? row;
  const { results } = await db
    .prepare(
      `SELECT rowid AS row, ${text} AS text FROM ${table} WHERE rowid > ?1 AND rowid <= ?2 AND ${text} IS NOT NULL`,
    )
    .bind(row, last)
    .all<{ row: number; text: string }>();
  const quoting = results.filter((each) => quotesOneOf(each.text, quoted));
  // An operator may have written something else meanwhile, which stays.
  const update = db.prepare(`UPDATE ${table} SET ${column} = ${redacted} WHERE rowid = ?2 AND ${text} = ?3`);
  if (quoting.length > 0) await db.batch(quoting.map((each) => update.bind(REDACTED, each.row, each.text)));
  const isEnd = sizes.length < limit && taken.length === sizes.length;
  const next = isEnd ? (index + 1 < PLACES.length ? `${index + 1}:0` : null) : `${index}:${last}`;
  return { next, changed: quoting.length };
}
