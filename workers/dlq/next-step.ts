import { isAhead, isMistakeOfContract } from "#contracts/parse.ts";
import { jsonBytes } from "#json/pack.ts";
import { isEditable } from "#letters/edit.ts";
import { isCutShort } from "#letters/letter.ts";
import { MAX_REPLAYED_BYTES } from "#letters/plan.ts";
import type { DeadLetterRepository, StoredLetter } from "#letters/repositories/dead-letter.ts";
import type { StoredGroup } from "#letters/repositories/letter-group.ts";
import { judge } from "#letters/verdict.ts";
import type { GroupSample, NextStep } from "#ops/api.ts";
import { toReplayedRecord } from "./replay.ts";
import { unchangedSinceFailure } from "./runs/plan.ts";

/** The Worker that would replay a letter, and the current time. */
type Context = { readonly workerVersion: string; readonly nowMs: number };

/** A sample of a group has this many of its newest failures and as many of its oldest. Ours. */
const SAMPLED = 3;

/** The step that can help a waiting letter, judged by its current contract and the running Worker. */
export async function judgeNextStep(letter: StoredLetter, { workerVersion, nowMs }: Context): Promise<NextStep> {
  const record = toReplayedRecord(letter);
  if (letter.emptiedAtMs !== null || isCutShort(letter.failure) || jsonBytes(record) > MAX_REPLAYED_BYTES)
    return "discard";
  // Its version is one that only a newer deployment reads.
  if (isAhead(record, nowMs)) return "wait";
  const verdict = judge(record, nowMs);
  if (verdict.kind === "passes") {
    return (await unchangedSinceFailure(letter, workerVersion, nowMs)) === undefined ? "replay" : "wait";
  }
  switch (verdict.failure.reason) {
    case "schema_mismatch":
      if (isMistakeOfContract(verdict.failure)) return "wait";
      return record.encoding === undefined && isEditable(record.value) ? "edit" : "discard";
    case "clock_skew":
      return "wait";
    default:
      return "discard";
  }
}

/** The most promising step first: if one letter of a sample would pass, the group is worth a replay. */
const STEPS: readonly NextStep[] = ["replay", "edit", "wait", "discard"];

/**
 * Predicts a replay of a group from a sample of its waiting letters. Reads at most `2 * SAMPLED` letters of at most 2
 * MB each, however large the group is.
 * @returns `null` if no letter waits
 */
export async function sampleGroup(
  letters: DeadLetterRepository,
  { id, open, quarantined }: StoredGroup,
  context: Context,
): Promise<GroupSample | null> {
  if (open + quarantined === 0) return null;
  const waiting = { groupId: id, state: open > 0 ? ("open" as const) : ("quarantined" as const), first: SAMPLED };
  const [newest, oldest] = await Promise.all([
    letters.list(waiting),
    letters.list({ ...waiting, sort: { by: "last-failed", isDescending: false } }),
  ]);
  const sampled = new Map([...newest.letters, ...oldest.letters].map((letter) => [letter.id, letter]));
  const steps = await Promise.all([...sampled.values()].map((letter) => judgeNextStep(letter, context)));
  const next = STEPS.find((step) => steps.includes(step));
  if (next === undefined) return null;
  return { letters: steps.length, failing: steps.filter((step) => step !== "replay").length, next };
}
