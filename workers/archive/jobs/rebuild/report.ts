import { DAY_MS } from "#domain/time.ts";
import type { JobReport } from "#ops/archive-api.ts";
import type { RebuildDetails } from "#ops/rebuild-api.ts";
import type { Phase, RebuildState } from "./state.ts";

/** What operators see of a rebuild. */
export function reportOf(state: RebuildState, nowMs: number): JobReport {
  const { records, refused, replayMs, compared, found, adopted, objectsAdopted, left, bookmark } = state;
  const days = daysOf(state, nowMs);
  const rate = replayMs > 0 ? Math.round((records * 1_000) / replayMs) : 0;
  const isReplaying = state.plan[0] === "replay";
  // As if every day had as many records as those that are replayed.
  const secondsLeft =
    isReplaying && days.done > 0 ? Math.round(((days.all - days.done) / days.done) * (replayMs / 1_000)) : null;
  const through = state.throughMs === null ? null : new Date(state.throughMs).toISOString();
  const details: RebuildDetails = { into: state.params.into, found, left, bookmark, through };
  return {
    phase: isReplaying ? `${sentenceOf(state)}: ${progressOf(days, rate, secondsLeft)}` : sentenceOf(state),
    done: records,
    total: null,
    unit: "records",
    figures: {
      days: days.done,
      daysInAll: days.all,
      recordsPerSecond: rate,
      ...(secondsLeft !== null && { secondsLeft }),
      refused,
      compared,
      differences: found.total,
      ...(state.uncounted > 0 && { uncounted: state.uncounted }),
      adopted,
      objectsAdopted,
      ...(left && { differencesLeft: left.total }),
    },
    details,
  };
}

function progressOf(days: { done: number; all: number }, rate: number, secondsLeft: number | null): string {
  if (days.all === 0) return "begins";
  const left = secondsLeft === null ? "" : `, about ${Math.ceil(secondsLeft / 60)} min left`;
  return `${days.done} of ${days.all} days, ${rate} records a second${left}`;
}

/** Days of the archive, and how many of them are replayed. */
function daysOf({ log, firstDay, throughMs }: RebuildState, nowMs: number): { done: number; all: number } {
  if (firstDay === null) return { done: 0, all: 0 };
  const all = daysFrom(firstDay, new Date(nowMs).toISOString().slice(0, 10)) + 1;
  return { done: throughMs !== null || !log ? all : Math.min(all, daysFrom(firstDay, log.day)), all };
}

const daysFrom = (from: string, to: string): number =>
  Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY_MS);

const SENTENCES: Readonly<Record<Phase, string>> = {
  empty: "empties the second database",
  forgotten: "reads who was forgotten",
  replay: "replays the archive",
  level: "replays what was archived meanwhile",
  compare: "compares the rebuilt state with the live one",
  judge: "looks at what differed once more",
  switch: "replaces what is wrong in the live state",
  recount: "counts again",
  announce: "tells subscribers of dealers' feeds",
  review: "compares what was replaced",
  follow: "follows the archive",
  drop: "removes the second values of objects",
  tidy: "removes its notes",
};

function sentenceOf({ plan, found, left, params }: RebuildState): string {
  const [phase] = plan;
  if (phase) return SENTENCES[phase];
  if (params.clear) return "the second database is empty, and objects have no second value";
  if (params.into === "live") return "everything in the archive is in the live state";
  const difference = (total: number) => `${total} ${total === 1 ? "difference" : "differences"}`;
  if (left) return `${difference(found.total)} found, ${left.total} left after the switch`;
  return params.compare
    ? `${difference(found.total)} between the live state and the archive`
    : "everything in the archive is rebuilt";
}
