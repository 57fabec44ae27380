import type { JobDeps } from "../job-kind.ts";
import { compareKeptCounts } from "../kept-counts.ts";
import { Findings } from "./found.ts";
import { isTextInRange } from "./range.ts";
import type { Shelves } from "./shelves.ts";
import { add, type VerificationState } from "./state.ts";

/** Compares the kept counts of a page of dealers with what counting finds. */
export async function compareCounts(state: VerificationState, deps: JobDeps, shelves: Shelves) {
  const { differences, uncounted, rowsRead, next } = await compareKeptCounts(deps.db, state.cursor, (dealerId) =>
    isTextInRange(state.range, dealerId),
  );
  const findings = new Findings(state);
  await findings.addOthers(differences);
  const found = await findings.save(shelves);
  const after = { ...found, figures: add(found.figures, { rowsRead, uncounted }) };
  return next === null ? { ...after, phase: "wait" as const, cursor: null } : { ...after, cursor: next };
}
