import { countDifference } from "#archive/compare/count.ts";
import { type CountPair, LiveCounts } from "../../repositories/live-counts.ts";
import type { JobDeps } from "../job-kind.ts";
import { Findings } from "./found.ts";
import { isTextInRange } from "./range.ts";
import type { Shelves } from "./shelves.ts";
import { add, type VerificationState } from "./state.ts";

const DEALERS_A_STEP = 20;

/** Compares the kept counts of a page of dealers with what counting finds, in one transaction a dealer. */
export async function compareCounts(state: VerificationState, deps: JobDeps, shelves: Shelves) {
  const counts = new LiveCounts(deps.db);
  const isOver = { phase: "wait" as const, cursor: null };
  if (state.cursor === null && !(await counts.areFilled())) return { ...state, ...isOver };
  const dealers = await counts.dealersFrom(state.cursor, DEALERS_A_STEP);
  const findings = new Findings(state);
  let uncounted = 0;
  for (const dealerId of dealers.filter((id) => isTextInRange(state.range, id))) {
    const { pairs } = await counts.read(dealerId);
    if (pairs === null) uncounted += 1;
    await findings.addOthers((pairs ?? []).filter(({ kept, counted }) => kept !== counted).map(toDifference));
  }
  const found = await findings.save(shelves);
  const after = { ...found, figures: add(found.figures, { rowsRead: counts.rowsRead, uncounted }) };
  return dealers.length < DEALERS_A_STEP ? { ...after, ...isOver } : { ...after, cursor: dealers.at(-1) as string };
}

const toDifference = ({ kind, group, kept, counted }: CountPair) =>
  countDifference({ place: kind, subject: group, kept, counted });
