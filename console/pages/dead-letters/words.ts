import type { GroupState, LetterState } from "#letters/states.ts";
import type { Group, LetterCounts, Run, RunState, Selection } from "#ops/api.ts";
import type { Tone } from "../../parts/badge.tsx";
import { pluralize } from "../../parts/numbers.ts";

/** The colour of a letter's, a group's or a run's state. */
export function toneOf(state: LetterState | GroupState | RunState): Tone {
  switch (state) {
    case "open":
    case "regressed":
    case "quarantined":
    case "paused":
      return "bad";
    case "replaying":
    case "running":
      return "info";
    case "acknowledged":
    case "planned":
      return "warn";
    case "resolved":
    case "done":
      return "good";
    default:
      return "quiet";
  }
}

/** Letters that an operator has to act on. */
export const waitingIn = ({ open, quarantined }: LetterCounts): number => open + quarantined;

/** A signature without the topic and the reason, which have places of their own. */
export function causeOf({ signature, topic, reason }: Pick<Group, "signature" | "topic" | "reason">): string {
  const known = `${topic} · ${reason}`;
  return signature.startsWith(known) ? signature.slice(known.length).replace(/^ · /, "") || reason : signature;
}

/** The start of an id, which is enough to distinguish it on one page. */
export const shortId = (id: string): string => (id.length > 12 ? `${id.slice(0, 8)}…` : id);

/** What something is done to, in words. */
export function described(selection: Selection): string {
  if ("ids" in selection) return formatLetters(selection.ids.length);
  if ("group" in selection) return `all waiting letters of group ${selection.group}`;
  return `all letters with ${Object.entries(selection.filter)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ")}`;
}

export const formatLetters = (count: number): string => pluralize(count, "letter");

/** Parameters that narrow letters down, beside those of time. */
export const LETTER_FILTERS = ["state", "topic", "source", "device", "reason", "group", "text"] as const;

/** Letters of a run that have an outcome. */
export const countCompleted = ({ progress: { total, waiting, inFlight } }: Pick<Run, "progress">): number =>
  total - waiting - inFlight;
