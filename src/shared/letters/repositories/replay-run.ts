import { count, eq, inArray, sql } from "drizzle-orm";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import type { Run } from "#ops/api.ts";
import type { SortOf } from "#ops/sorts.ts";
import { type NumberPosition, numberOrder } from "#repositories/number-order.ts";
import { replayRuns } from "#repositories/ops-tables.ts";

export type RunPage = {
  readonly first: number;
  readonly sort: SortOf<"runs">;
  readonly after?: NumberPosition | undefined;
};

/** A run that is stored again, with the name that it has. */
const WITH_NAME = sql<Run>`json_set(excluded.run, '$.name', ${replayRuns.run} ->> '$.name')`;

/** Runs as their objects last stored them here: for lists, and to find paused ones. */
export class ReplayRunRepository {
  readonly #db: DrizzleD1Database;

  constructor(d1: D1Database) {
    this.#db = drizzle(d1);
  }

  /**
   * Stores a run as its object has it. Its name stays as it is here: the object does not know it.
   * @returns the run with its name
   */
  async save(run: Omit<Run, "name">): Promise<Run> {
    const { id, state } = run;
    const [saved] = await this.#db
      .insert(replayRuns)
      .values({ id, createdAtMs: Date.parse(run.createdAt), state, run: { ...run, name: null } })
      .onConflictDoUpdate({ target: replayRuns.id, set: { state, run: WITH_NAME } })
      .returning({ run: replayRuns.run });
    return saved?.run ?? { ...run, name: null };
  }

  /** Names a run that is stored. */
  async rename(id: string, name: string): Promise<void> {
    const run = sql`json_set(${replayRuns.run}, '$.name', ${name})`;
    await this.#db.update(replayRuns).set({ run }).where(eq(replayRuns.id, id));
  }

  /** `null` if it has none, or is not stored. */
  async nameOf(id: string): Promise<string | null> {
    const row = await this.#db.select({ run: replayRuns.run }).from(replayRuns).where(eq(replayRuns.id, id)).get();
    return row?.run.name ?? null;
  }

  /** By the time they were planned. @returns one more than `first` where there is a next page */
  async list({ first, sort: { isDescending }, after }: RunPage): Promise<Run[]> {
    const { orderBy, behind } = numberOrder({ number: replayRuns.createdAtMs, id: replayRuns.id, isDescending });
    const rows = await this.#db
      .select({ run: replayRuns.run })
      .from(replayRuns)
      .where(after && behind(after))
      .orderBy(...orderBy)
      .limit(first + 1);
    return rows.map(({ run }) => run);
  }

  async countsByState(): Promise<Readonly<Partial<Record<string, number>>>> {
    const rows = await this.#db
      .select({ state: replayRuns.state, count: count() })
      .from(replayRuns)
      .where(inArray(replayRuns.state, ["running", "paused"]))
      .groupBy(replayRuns.state);
    return Object.fromEntries(rows.map((row) => [row.state, row.count]));
  }

  async inState(state: Run["state"]): Promise<Run[]> {
    const rows = await this.#db.select({ run: replayRuns.run }).from(replayRuns).where(eq(replayRuns.state, state));
    return rows.map(({ run }) => run);
  }
}
