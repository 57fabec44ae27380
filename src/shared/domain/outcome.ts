import { compareRegisters, type Register, sameContent } from "./register.ts";
import { compareVersions } from "./version.ts";

/**
 * How a record that a consumer merged ends. The fifth outcome, dead-lettered, is for records that never got here.
 * - applied: something a reader can see changed
 * - unchanged: newer than what was known, with the same content; the version moves and nothing is announced
 * - duplicate: this very event was known already
 * - superseded: everything it says was already overtaken by newer events
 */
export const MERGE_OUTCOMES = ["applied", "unchanged", "duplicate", "superseded"] as const;
export type MergeOutcome = (typeof MERGE_OUTCOMES)[number];
export type Outcome = MergeOutcome | "deadLettered";

/** What one event does to one cell of the state. */
export type Effect = "changes" | "confirms" | "repeats" | "trails";

export function effectOn<T>(current: Register<T> | undefined, incoming: Register<T>): Effect {
  if (!current) return "changes";
  const age = compareVersions(incoming.version, current.version);
  if (age < 0) return "trails";
  if (age > 0) return sameContent(current.value, incoming.value) ? "confirms" : "changes";
  const order = compareRegisters(incoming, current);
  return order === 0 ? "repeats" : order > 0 ? "changes" : "trails";
}

export function outcomeOf(effects: readonly Effect[]): MergeOutcome {
  if (effects.includes("changes")) return "applied";
  if (effects.includes("confirms")) return "unchanged";
  if (effects.includes("repeats")) return "duplicate";
  return "superseded";
}

/**
 * One record can meet two stores (D1 and the device object), or one store twice after a conflict; this is what became
 * of it in all. An effect anywhere counts; and a store that recognises the event knows more than one that only finds
 * it old.
 */
export function combineOutcomes(a: MergeOutcome, b: MergeOutcome): MergeOutcome {
  return MERGE_OUTCOMES[Math.min(MERGE_OUTCOMES.indexOf(a), MERGE_OUTCOMES.indexOf(b))] as MergeOutcome;
}
