import { compareRegisters, type Register, sameContent } from "./register.ts";
import { compareVersions } from "./version.ts";

/**
 * The outcome of a record that was merged. The fifth outcome, dead-lettered, is for records that could not be.
 * - applied: it changed something that readers can see
 * - unchanged: newer than the stored state, with the same content; the version advances and nothing is announced
 * - duplicate: the same event was merged before
 * - superseded: newer events have already replaced everything in it
 */
export const MERGE_OUTCOMES = ["applied", "unchanged", "duplicate", "superseded"] as const;
/** How an event ended that was merged: it changed something, or nothing since the state says the same, has this event, or is newer. */
export type MergeOutcome = (typeof MERGE_OUTCOMES)[number];
/** How an accepted record ended. Each has exactly one outcome. */
export type Outcome = MergeOutcome | "deadLettered";

/** What one event does to one register. */
export type Effect = "changes" | "confirms" | "repeats" | "trails";

export function effectOn<T>(current: Register<T> | undefined, incoming: Register<T>): Effect {
  if (!current) return "changes";
  const age = compareVersions(incoming.version, current.version);
  if (age < 0) return "trails";
  if (age > 0) return sameContent(current.value, incoming.value) ? "confirms" : "changes";
  const order = compareRegisters(incoming, current);
  return order === 0 ? "repeats" : order > 0 ? "changes" : "trails";
}

export function outcomeFrom(effects: readonly Effect[]): MergeOutcome {
  if (effects.includes("changes")) return "applied";
  if (effects.includes("confirms")) return "unchanged";
  if (effects.includes("repeats")) return "duplicate";
  return "superseded";
}

/**
 * The outcome of a record that was merged more than once: into D1 and the device's object, or again after a write
 * conflict. A change in either counts, and `duplicate` is more certain than `superseded`.
 */
export function combineOutcomes(a: MergeOutcome, b: MergeOutcome): MergeOutcome {
  return MERGE_OUTCOMES[Math.min(MERGE_OUTCOMES.indexOf(a), MERGE_OUTCOMES.indexOf(b))] as MergeOutcome;
}
