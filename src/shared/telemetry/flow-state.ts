import type { FlowState } from "./overview.ts";

/** How a topic was seen. */
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
  /** Records that settled in the last five minutes, and those of them that became dead letters. */
  readonly settled: number;
  readonly deadLettered: number;
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

/** Whether a topic flows, and if not, who has to act: nobody, the source, or we. */
export function flowStateOf(seen: Seen): FlowState {
  const { nowMs, lastReceivedAtMs, waiting, receivedLately, hasSettledLately, settled, deadLettered } = seen;
  if (waiting > receivedLately && !hasSettledLately) return "stalled";
  if (lastReceivedAtMs === null || nowMs - lastReceivedAtMs > MONTH_MS) return "silent";
  const gapMs = nowMs - lastReceivedAtMs;
  if (gapMs <= FLOWING_MS) return settled > 0 && deadLettered === settled ? "failing" : "flowing";
  return gapMs > lateAfterMs(seen) ? "late" : "quiet";
}

/** Of a source's topics, the state that comes first here is the source's own. */
const SOURCE_STATES: readonly FlowState[] = ["stalled", "flowing", "failing", "late", "quiet", "silent"];

/**
 * How a source stands, by its topics. It has no rhythm of its own: the sum of its topics may be late while none of them
 * is, and nobody could say which to look at.
 */
export const sourceStateOf = (topics: readonly FlowState[]): FlowState =>
  SOURCE_STATES.find((state) => topics.includes(state)) ?? "silent";

/** The longest gap that its own rhythm explains. */
function lateAfterMs({ rhythm: { records, spanMs, longestGapMs } }: Seen): number {
  if (records < RHYTHM_RECORDS) return Number.POSITIVE_INFINITY;
  return Math.max(LATE_AT_LEAST_MS, (LATE_GAPS * spanMs) / records, LONGER_THAN_EVER * longestGapMs);
}
