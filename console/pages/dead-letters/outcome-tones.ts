import type { MergeOutcome } from "#domain/outcome.ts";
import type { Part } from "../../parts/stacked-bar.tsx";

/** The colour of each outcome, the same in a plan and in its run. */
export const OUTCOME_TONES = {
  applied: "good",
  unchanged: "known",
  duplicate: "info",
  superseded: "past",
} as const satisfies Readonly<Record<MergeOutcome, Part["tone"]>>;
