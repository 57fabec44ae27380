import type { MergeOutcome } from "#domain/outcome.ts";
import type { Progress } from "#ops/api.ts";

/** The state of a letter in a run: not sent, sent, its outcome, `failed` or `skipped`. */
export type LetterStatus = "waiting" | "sent" | MergeOutcome | "failed" | "skipped";

/** The letters of one replay run, in the SQLite of the run's object. */
export class RunLetters {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS letters (
      place INTEGER PRIMARY KEY, id TEXT NOT NULL, status TEXT NOT NULL, sent_at_ms INTEGER
    )`);
    this.#sql.exec("CREATE INDEX IF NOT EXISTS letters_by_status ON letters (status, place)");
  }

  add(letterIds: readonly string[]): void {
    this.#sql.exec(
      "INSERT INTO letters (place, id, status) SELECT key, value, 'waiting' FROM json_each(?)",
      JSON.stringify(letterIds),
    );
  }

  /** In the run's order. */
  withStatus(status: LetterStatus, atMost: number): { id: string; sentAtMs: number }[] {
    return this.#sql
      .exec<{ id: string; sent_at_ms: number }>(
        "SELECT id, coalesce(sent_at_ms, 0) AS sent_at_ms FROM letters WHERE status = ? ORDER BY place LIMIT ?",
        status,
        atMost,
      )
      .toArray()
      .map(({ id, sent_at_ms }) => ({ id, sentAtMs: sent_at_ms }));
  }

  /** A letter that has an outcome keeps it. */
  mark(ids: readonly string[], status: LetterStatus, sentAtMs: number | null = null): void {
    if (ids.length === 0) return;
    this.#sql.exec(
      `UPDATE letters SET status = ?1, sent_at_ms = coalesce(?2, sent_at_ms)
        WHERE status IN ('waiting', 'sent') AND id IN (SELECT value FROM json_each(?3))`,
      status,
      sentAtMs,
      JSON.stringify(ids),
    );
  }

  get progress(): Progress {
    const rows = this.#sql
      .exec<{ status: LetterStatus; count: number }>("SELECT status, count(*) AS count FROM letters GROUP BY status")
      .toArray();
    const { sent: inFlight = 0, ...counts } = Object.fromEntries(rows.map(({ status, count }) => [status, count]));
    const none = { waiting: 0, applied: 0, unchanged: 0, duplicate: 0, superseded: 0, failed: 0, skipped: 0 };
    const total = rows.reduce((sum, { count }) => sum + count, 0);
    return { ...none, ...counts, total, inFlight };
  }
}
