import type { ObjectiveState } from "./overview.ts";

/**
 * How fresh reads are to be, of every topic: this share of its records is visible within this time of its acceptance,
 * over any 30 days. `withinMs` is a bound of the freshness histogram, so that it can be counted exactly.
 */
export const FRESHNESS_OBJECTIVE = { withinMs: 1_000, share: 0.99 } as const;

/** Records that became visible, and those of them that did so in time. */
export type Window = { readonly visible: number; readonly inTime: number };

/** The share that was in time; `null` where there was nothing. */
export const shareOf = ({ visible, inTime }: Window): number | null => (visible === 0 ? null : inTime / visible);

/**
 * How many times as fast as the objective allows the error budget is being spent: at 1 it lasts exactly 30 days, at 14.4
 * a fiftieth of it goes in an hour.
 */
export function burnOf(window: Window): number | null {
  const share = shareOf(window);
  return share === null ? null : (1 - share) / (1 - FRESHNESS_OBJECTIVE.share);
}

export type Windows = {
  readonly last5m: Window;
  readonly last30m: Window;
  readonly last1h: Window;
  readonly last6h: Window;
  readonly last30d: Window;
};

/** Two windows each: the long one says that it matters, the short one that it still goes on (sre.google/workbook/alerting-on-slos). */
export const FAST_BURN = 14.4;
export const SLOW_BURN = 6;

/** Of fewer records a share says nothing: one slow record of a rare topic would be an alarm. Ours. */
const LEAST_RECORDS = 20;

export function objectiveStateOf({ last5m, last30m, last1h, last6h, last30d }: Windows): ObjectiveState {
  const isOver = (limit: number, short: Window, long: Window) =>
    long.visible >= LEAST_RECORDS && [short, long].every((each) => (burnOf(each) ?? 0) >= limit);
  if (isOver(FAST_BURN, last5m, last1h)) return "burning fast";
  if (isOver(SLOW_BURN, last30m, last6h)) return "burning slowly";
  const burn = burnOf(last30d);
  if (burn === null) return "unknown";
  return burn > 1 ? "spent" : "met";
}

/** What is left of 30 days' error budget, 1 at most; `null` where there was nothing. */
export function budgetLeftOf(last30d: Window): number | null {
  const burn = burnOf(last30d);
  return burn === null ? null : 1 - burn;
}
