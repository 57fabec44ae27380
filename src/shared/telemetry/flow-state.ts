import type { FlowState } from "./overview.ts";

/** How a topic, or a source, was seen. */
export type Seen = {
  readonly nowMs: number;
  /** When a record of it was last accepted, if one ever was. */
  readonly lastReceivedAtMs: number | null;
  /** How it came over the last week, or since it is counted. */
  readonly rhythm: Rhythm;
  /** Accepted or replayed within the last hour and not settled; what is older is a lost count rather than a record. */
  readonly waiting: number;
  /** Of those, what came within the last two minutes. */
  readonly receivedLately: number;
  /** Whether any record of it settled in the last minute or so. */
  readonly hasSettledLately: boolean;
};

export type Rhythm = {
  readonly records: number;
  readonly spanMs: number;
  /** The longest time, in whole hours, in which nothing came while something came before and after: nights, weekends. */
  readonly longestGapMs: number;
};

/** All ours. */
const FLOWING_MS = 60_000;
const MONTH_MS = 30 * 86_400_000;
/** Gaps between independent events are this much longer than their mean once in some twenty thousand. */
const LATE_GAPS = 10;
const LATE_AT_LEAST_MS = 5 * 60_000;
/** A gap may be this much longer than the longest of last week. */
const LONGER_THAN_EVER = 1.5;
/** Fewer records than that make no rhythm. */
const RHYTHM_RECORDS = 24;

/** Whether it flows, and if not, who has to be asked: nobody, the source, or we. */
export function flowStateOf(seen: Seen): FlowState {
  const { nowMs, lastReceivedAtMs, waiting, receivedLately, hasSettledLately } = seen;
  if (waiting > receivedLately && !hasSettledLately) return "stalled";
  if (lastReceivedAtMs === null || nowMs - lastReceivedAtMs > MONTH_MS) return "silent";
  const gapMs = nowMs - lastReceivedAtMs;
  if (gapMs <= FLOWING_MS) return "flowing";
  return gapMs > lateAfterMs(seen) ? "late" : "quiet";
}

/** The longest gap that its own rhythm explains. */
function lateAfterMs({ rhythm: { records, spanMs, longestGapMs } }: Seen): number {
  if (records < RHYTHM_RECORDS) return Number.POSITIVE_INFINITY;
  return Math.max(LATE_AT_LEAST_MS, (LATE_GAPS * spanMs) / records, LONGER_THAN_EVER * longestGapMs);
}
