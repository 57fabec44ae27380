import type { ObjectiveState } from "./overview.ts";

/**
 * The freshness objective of every topic: this share of its records is visible within this time of its acceptance, over
 * any 30 days. `withinMs` is a bound of the freshness histogram, so that it can be counted exactly.
 */
export const FRESHNESS_OBJECTIVE = { withinMs: 1_000, share: 0.99 } as const;

/** Records that became visible, and those of them that were in time. */
export type Window = { readonly visible: number; readonly inTime: number };

/** The share that was in time; `null` if there were none. */
export const shareInTime = ({ visible, inTime }: Window): number | null => (visible === 0 ? null : inTime / visible);

/** The burn rate of the error budget: at 1 it lasts exactly 30 days, at 14.4 a fiftieth of it is spent in an hour. */
export function burnRate(window: Window): number | null {
  const share = shareInTime(window);
  return share === null ? null : (1 - share) / (1 - FRESHNESS_OBJECTIVE.share);
}

export type Windows = {
  readonly last5m: Window;
  readonly last30m: Window;
  readonly last1h: Window;
  readonly last6h: Window;
  readonly last30d: Window;
};

/**
 * Two windows each: the long one shows that it matters, the short one that it still goes on
 * (sre.google/workbook/alerting-on-slos).
 */
export const FAST_BURN = 14.4;
export const SLOW_BURN = 6;

/** A share of fewer records means little: one slow record of a rare topic would raise an alert. Ours. */
const LEAST_RECORDS = 20;

export function toObjectiveState({ last5m, last30m, last1h, last6h, last30d }: Windows): ObjectiveState {
  const isOver = (limit: number, short: Window, long: Window) =>
    long.visible >= LEAST_RECORDS && [short, long].every((each) => (burnRate(each) ?? 0) >= limit);
  if (isOver(FAST_BURN, last5m, last1h)) return "burning fast";
  if (isOver(SLOW_BURN, last30m, last6h)) return "burning slowly";
  const burn = burnRate(last30d);
  if (burn === null) return "unknown";
  return burn > 1 ? "spent" : "met";
}

/** The rest of 30 days' error budget, at most 1; `null` if there were no records. */
export function budgetLeft(last30d: Window): number | null {
  const burn = burnRate(last30d);
  return burn === null ? null : 1 - burn;
}
