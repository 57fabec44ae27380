import { ForgottenCopy } from "#repositories/forgotten-copy.ts";
import { loadForgotten } from "../../forgetting/notes.ts";
import { type JobDeps, JobProblem, type JobStep } from "../job-kind.ts";
import { announceAll } from "./announce.ts";
import { Notes } from "./notes.ts";
import { requireRebuilt } from "./replay.ts";
import { type RebuildState, withNextPhase } from "./state.ts";

/** Keys of one step. Ours. */
const PAGE = 1_000;

/**
 * Brings who was forgotten into the target, so that what is replayed into it is redacted: all that the bucket knows, which
 * outlives a database, and for the second database some of what the live one has.
 */
export async function forgottenStep(state: RebuildState, deps: JobDeps): Promise<JobStep<RebuildState>> {
  const { db, bucket } = deps;
  if (state.params.into === "live") {
    await loadForgotten(bucket, db);
    return { state: withNextPhase(state), isDone: false };
  }
  const rebuilt = requireRebuilt(deps);
  if (state.cursor === null) await loadForgotten(bucket, rebuilt);
  const last = await new ForgottenCopy(db, rebuilt).copyAfter(state.cursor ?? "", PAGE);
  return { state: last === null ? withNextPhase(state) : { ...state, cursor: last }, isDone: false };
}

/**
 * Before a comparison and before each switch: rows that were replayed before somebody was forgotten still have that
 * person's data, and must not come back.
 * @param adopted how many devices and parties were switched before
 */
export async function requireNobodyForgotten(deps: JobDeps, adopted = 0): Promise<void> {
  if (await new ForgottenCopy(deps.db, requireRebuilt(deps)).isWhole()) return;
  if (adopted > 0) await announceAll(deps);
  // This job never goes on, and its notes may have that person's data too.
  new Notes(deps.storage).removeAll();
  throw new JobProblem(
    `Somebody was forgotten since the rebuild began, and what was replayed before still has that person's data. ${adopted === 0 ? "The live state is as it was." : `Of the live state, ${adopted} devices and parties were switched before that was seen; the rest is as it was.`} Cancel this rebuild, and start another with --restart, which removes it.`,
  );
}
