import { count, eq, inArray } from "drizzle-orm";
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

/** Runs as their objects last stored them here: for lists, and to find paused ones. */
export class ReplayRunRepository {
  readonly #db: DrizzleD1Database;

  constructor(d1: D1Database) {
    this.#db = drizzle(d1);
  }

  async save(run: Run): Promise<void> {
    const { id, state } = run;
    await this.#db
      .insert(replayRuns)
      .values({ id, createdAtMs: Date.parse(run.createdAt), state, run })
      .onConflictDoUpdate({ target: replayRuns.id, set: { state, run } });
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
