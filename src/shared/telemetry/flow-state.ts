import { DAY_MS, MINUTE_MS } from "#domain/time.ts";
import type { FlowState } from "./overview.ts";

/** What was counted of a topic. */
export type Seen = {
  readonly nowMs: number;
  /** When a record of it was last accepted, if ever. */
  readonly lastReceivedAtMs: number | null;
  /** Its rhythm over the last week, or since counting began. */
  readonly rhythm: Rhythm;
  /** Accepted or replayed within the last hour and not settled. An older one is a lost count rather than a record. */
  readonly waiting: number;
  /** Of those, the ones that were accepted within the last two minutes. */
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
  /** The longest silence between two records, in whole hours: nights, weekends. */
  readonly longestGapMs: number;
};

/** Thresholds. All are ours. */
const FLOWING_MS = MINUTE_MS;
const MONTH_MS = 30 * DAY_MS;
/** A gap between independent events is this many times longer than the mean once in some twenty thousand. */
const LATE_GAPS = 10;
const LATE_AT_LEAST_MS = 5 * MINUTE_MS;
/** A gap may be this many times longer than the longest of last week. */
const LONGER_THAN_EVER = 1.5;
/** Fewer records than that make no rhythm. */
const RHYTHM_RECORDS = 24;

/** Whether a topic flows, and if not, who has to act: nobody, the source, or we. */
export function toFlowState(seen: Seen): FlowState {
  const { nowMs, lastReceivedAtMs, waiting, receivedLately, hasSettledLately, settled, deadLettered } = seen;
  if (waiting > receivedLately && !hasSettledLately) return "stalled";
  if (lastReceivedAtMs === null || nowMs - lastReceivedAtMs > MONTH_MS) return "silent";
  const gapMs = nowMs - lastReceivedAtMs;
  if (gapMs <= FLOWING_MS) return settled > 0 && deadLettered === settled ? "failing" : "flowing";
  return gapMs > lateAfterMs(seen) ? "late" : "quiet";
}

/** The state of a source is the state of its topics that comes first in this list. */
const SOURCE_STATES: readonly FlowState[] = ["stalled", "flowing", "failing", "late", "quiet", "silent"];

/**
 * The state of a source, from the states of its topics. It has no rhythm of its own: the sum of its topics could be
 * late while none of them is, and then nobody could tell which topic to look at.
 */
export const toSourceState = (topics: readonly FlowState[]): FlowState =>
  SOURCE_STATES.find((state) => topics.includes(state)) ?? "silent";

/** The longest gap that its own rhythm explains. */
function lateAfterMs({ rhythm: { records, spanMs, longestGapMs } }: Seen): number {
  if (records < RHYTHM_RECORDS) return Number.POSITIVE_INFINITY;
  return Math.max(LATE_AT_LEAST_MS, (LATE_GAPS * spanMs) / records, LONGER_THAN_EVER * longestGapMs);
}
