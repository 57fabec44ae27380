import { and, count, desc, eq, gt, inArray, lt, lte, or } from "drizzle-orm";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import type { Run } from "../desk/api.ts";
import { replayRuns } from "./tables.ts";

export type RunPosition = { readonly createdAtMs: number; readonly id: string };

/** Runs as their objects last wrote them down: for lists, and for who wants to know which are paused. */
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

  /** Newest first. @returns one more than `first` where there is a next page */
  async list(first: number, after?: RunPosition): Promise<Run[]> {
    const rows = await this.#db
      .select({ run: replayRuns.run })
      .from(replayRuns)
      .where(
        after &&
          and(
            lte(replayRuns.createdAtMs, after.createdAtMs),
            or(lt(replayRuns.createdAtMs, after.createdAtMs), gt(replayRuns.id, after.id)),
          ),
      )
      .orderBy(desc(replayRuns.createdAtMs), replayRuns.id)
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
