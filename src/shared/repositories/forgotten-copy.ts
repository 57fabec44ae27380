import type { ForgottenRow } from "./forgotten.ts";

/** Copies who was forgotten from the live database into one that is rebuilt. */
export class ForgottenCopy {
  readonly #from: Handle;
  readonly #to: Handle;

  constructor(from: Handle, to: Handle) {
    this.#from = from;
    this.#to = to;
  }

  /** Copies the keys after one, in order. Safe to repeat. @returns the last one that was copied, `null` if there is none */
  async copyAfter(after: string, limit: number): Promise<string | null> {
    const { results } = await this.#from
      .prepare("SELECT id, until_ms, request_id FROM forgotten WHERE id > ?1 ORDER BY id LIMIT ?2")
      .bind(after, limit)
      .all<ForgottenRow>();
    const last = results.at(-1);
    if (!last) return null;
    await this.#to.prepare(WRITE).bind(JSON.stringify(results)).run();
    return last.id;
  }

  /** Whether everybody who is forgotten in the live database is so in the other: nobody has been forgotten since. */
  async isWhole(): Promise<boolean> {
    const [from, to] = await Promise.all([this.#from, this.#to].map((db) => requestsIn(db)));
    return [...(from as Set<string>)].every((request) => to?.has(request));
  }
}

async function requestsIn(db: Handle): Promise<Set<string>> {
  const { results } = await db.prepare("SELECT DISTINCT request_id AS id FROM forgotten").all<{ id: string }>();
  return new Set(results.map(({ id }) => id));
}

type Handle = Pick<D1Database, "prepare">;

/** What is redacted already is so in the database that is copied to, whose rows are all written after this. */
const WRITE = `INSERT INTO forgotten (id, until_ms, request_id, redacted_at_ms)
  SELECT j.value->>'id', j.value->>'until_ms', j.value->>'request_id', 0 FROM json_each(?1) j WHERE true
  ON CONFLICT (id) DO UPDATE SET until_ms = excluded.until_ms, request_id = excluded.request_id
  WHERE excluded.until_ms > forgotten.until_ms`;
