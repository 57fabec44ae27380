import type { Progress } from "#ops/api.ts";

/** How fast a run sends, and when it pauses. */
export type Pace = {
  /** Letters per second. */
  readonly rate: number;
  /** Letters that are sent first; the others wait until all of these have an outcome. */
  readonly canary: number;
  /** Share of the letters with an outcome that failed again. The run pauses above it. */
  readonly maxFailurePercent: number;
};

export const DEFAULT_PACE: Pace = { rate: 50, canary: 10, maxFailurePercent: 20 };

/** Records in flight, without the run's own, above which a run waits: live events go first. Ours. */
export const MAX_BACKLOG = 5_000;

/** Fewest outcomes from which a rate of failures is judged. Ours. */
const MIN_OUTCOMES = 5;

/** Most letters in flight, in seconds of the run's rate. Ours: a stuck consumer must not be sent everything. */
const MAX_SECONDS_IN_FLIGHT = 10;

export type Step =
  | { readonly kind: "done" }
  | { readonly kind: "pause"; readonly why: string }
  | { readonly kind: "wait"; readonly why: string }
  | { readonly kind: "send"; readonly atMost: number };

/**
 * What a run does next.
 * @param backlog records in flight, the run's own among them
 */
export function nextStep({ rate, canary, maxFailurePercent }: Pace, progress: Progress, backlog: number): Step {
  const { total, waiting, inFlight, failed, skipped } = progress;
  if (waiting + inFlight === 0) return { kind: "done" };
  const sent = total - waiting - skipped;
  const returned = sent - inFlight;
  const isEnough = returned >= Math.min(MIN_OUTCOMES, Math.max(1, canary), total - skipped);
  if (isEnough && failed * 100 > maxFailurePercent * returned) {
    return { kind: "pause", why: `${failed} of ${returned} replayed letters failed again` };
  }
  if (waiting === 0) return { kind: "wait", why: `${inFlight} letters are in flight` };
  if (backlog - inFlight > MAX_BACKLOG)
    return { kind: "wait", why: `${backlog - inFlight} live records are processed first` };
  if (sent < canary) return { kind: "send", atMost: Math.min(rate, canary - sent) };
  if (returned < canary) return { kind: "wait", why: `${returned} of the ${canary} canary letters have an outcome` };
  if (inFlight >= rate * MAX_SECONDS_IN_FLIGHT) return { kind: "wait", why: `${inFlight} letters are in flight` };
  return { kind: "send", atMost: rate };
}
