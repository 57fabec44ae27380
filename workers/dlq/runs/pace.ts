import type { Progress } from "../../../src/shared/desk/api.ts";

/** How a run goes. */
export type Pace = {
  /** Letters a second. */
  readonly rate: number;
  /** Letters that go first, and come back before the others go. */
  readonly canary: number;
  /** Of those that came back. Above it the run pauses. */
  readonly maxFailurePercent: number;
};

export const DEFAULT_PACE: Pace = { rate: 50, canary: 10, maxFailurePercent: 20 };

/** Records between ingest and settled, ours among them, above which a run yields: live events go first. Ours. */
export const MAX_BACKLOG = 5_000;

/** Fewer that came back say nothing about a rate of failures yet. Ours. */
const TELLING = 5;

/** Seconds' worth of letters that may be on their way at once. Ours: a stuck consumer is not to be sent everything. */
const MAX_SECONDS_IN_FLIGHT = 10;

export type Step =
  | { readonly kind: "done" }
  | { readonly kind: "pause"; readonly why: string }
  | { readonly kind: "wait"; readonly why: string }
  | { readonly kind: "send"; readonly atMost: number };

/** What a run does next. @param backlog records that are accepted or replayed, and not yet settled */
export function nextStep({ rate, canary, maxFailurePercent }: Pace, progress: Progress, backlog: number): Step {
  const { total, waiting, inFlight, failed, skipped } = progress;
  if (waiting + inFlight === 0) return { kind: "done" };
  const sent = total - waiting - skipped;
  const back = sent - inFlight;
  const isTelling = back >= Math.min(TELLING, Math.max(1, canary), total - skipped);
  if (isTelling && failed * 100 > maxFailurePercent * back) {
    return { kind: "pause", why: `${failed} of ${back} that came back have failed again` };
  }
  if (waiting === 0) return { kind: "wait", why: `${inFlight} are on their way` };
  if (backlog - inFlight > MAX_BACKLOG) return { kind: "wait", why: `${backlog - inFlight} live records go first` };
  if (sent < canary) return { kind: "send", atMost: Math.min(rate, canary - sent) };
  if (back < canary) return { kind: "wait", why: `the first ${canary} go ahead of the others; ${back} are back` };
  if (inFlight >= rate * MAX_SECONDS_IN_FLIGHT) return { kind: "wait", why: `${inFlight} are on their way` };
  return { kind: "send", atMost: rate };
}
