import type {
  Group,
  LetterCounts,
  LetterFilterJson,
  Run,
  RunState,
  Selection,
} from "../../../../../src/shared/desk/api.ts";
import type { GroupState, LetterState } from "../../../../../src/shared/desk/states.ts";
import type { Tone } from "../../parts/badge.tsx";
import { countedOf } from "../../parts/numbers.ts";

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

/** Letters that wait for somebody. */
export const waitingIn = ({ open, quarantined }: LetterCounts): number => open + quarantined;

/** A signature without the topic and the reason, which have places of their own. */
export function causeOf({ signature, topic, reason }: Pick<Group, "signature" | "topic" | "reason">): string {
  const known = `${topic} · ${reason}`;
  return signature.startsWith(known) ? signature.slice(known.length).replace(/^ · /, "") || reason : signature;
}

/** The start of an id, which tells it from others on one page. */
export const shortId = (id: string): string => (id.length > 12 ? `${id.slice(0, 8)}…` : id);

/** What something is done to, in words. */
export function described(selection: Selection): string {
  if ("ids" in selection) return lettersOf(selection.ids.length);
  if ("group" in selection) return `all waiting letters of group ${selection.group}`;
  return `all letters with ${Object.entries(selection.filter)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ")}`;
}

export const lettersOf = (count: number): string => countedOf(count, "letter");

const FILTERS = ["state", "topic", "source", "device", "reason", "group", "since", "until", "text"] as const;

/** What the address narrows the letters down to; the API says what is wrong with it, if something is. */
export const filterIn = (query: URLSearchParams): LetterFilterJson =>
  Object.fromEntries(FILTERS.flatMap((name) => (query.get(name) ? [[name, query.get(name)]] : [])));

/** Spans of time that letters can be narrowed down to, up to now. */
export const SPANS = { "1h": 3_600_000, "24h": 86_400_000, "7d": 7 * 86_400_000 } as const;

/** When a span began, for the API; `undefined` for a span that there is not. */
export const sinceOf = (span: string | null, nowMs: number): string | undefined =>
  span !== null && Object.hasOwn(SPANS, span)
    ? new Date(nowMs - SPANS[span as keyof typeof SPANS]).toISOString()
    : undefined;

/** Letters of a run that have come to their end. */
export const backOf = ({ progress: { total, waiting, inFlight } }: Pick<Run, "progress">): number =>
  total - waiting - inFlight;
