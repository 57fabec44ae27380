import { addCounts, type Counts } from "./metrics.ts";

/** The operations API's JSON for the flow page. Times are milliseconds since 1970. */

/** Totals since the first deployment. The flow page draws the difference of two. */
export type FlowTotals = {
  /** Requests at the Kafka boundary, and those of them that were refused as a whole. */
  readonly requests: number;
  readonly refused: number;
  readonly accepted: number;
  readonly applied: number;
  readonly unchanged: number;
  readonly duplicate: number;
  readonly superseded: number;
  readonly retried: number;
  readonly replayed: number;
  /** Dead letters written by the boundary, because the record is invalid, and by the consumer, because it failed. */
  readonly rejected: number;
  readonly failed: number;
  readonly batches: number;
  readonly d1RowsWritten: number;
  readonly objectWrites: number;
  readonly queries: number;
  readonly queryErrors: number;
  readonly queryRowsRead: number;
  readonly socketsOpened: number;
  readonly socketsClosed: number;
  /** Records by time from accepted to visible, and queries by duration: counts by upper bound in milliseconds. */
  readonly freshness: Counts;
  readonly queryMs: Counts;
  readonly acceptedByTopic: Counts;
};

/** The sum of what several objects counted. */
export function addFlowTotals(a: FlowTotals, b: FlowTotals): FlowTotals {
  const names = Object.keys(a) as (keyof FlowTotals)[];
  return Object.fromEntries(names.map((name) => [name, addedTotals(a[name], b[name])])) as FlowTotals;
}

const addedTotals = (a: number | Counts, b: number | Counts): number | Counts =>
  typeof a === "number" || typeof b === "number" ? Number(a) + Number(b) : addCounts(a, b);

/** Sent once a second. */
export type FlowTick = {
  readonly atMs: number;
  readonly totals: FlowTotals;
  /** Accepted or replayed, and not settled. */
  readonly inFlight: number;
  /** The queue's own count when it was last sent to; `null` before that. */
  readonly backlog: { readonly messages: number; readonly bytes: number; readonly atMs: number } | null;
  /** `null` while D1 does not answer. */
  readonly deadLetters: LetterFigures | null;
};

/** The counts of dead letters. */
export type LetterFigures = {
  readonly waiting: number;
  readonly replaying: number;
  readonly quarantined: number;
  readonly resolved: number;
  readonly discarded: number;
  readonly waitingByReason: Counts;
  readonly oldestWaitingMs: number | null;
  readonly runs: Counts<"running" | "paused">;
};

/**
 * The state of a topic or a source:
 * - `flowing`: records arrive and become visible
 * - `failing`: records arrive, and all of them become dead letters; their issues tell the cause
 * - `quiet`: nothing arrived lately, which is usual
 * - `late`: nothing arrived for much longer than usual; ask the source
 * - `stalled`: records arrived and do not become visible; the fault is ours
 * - `silent`: nothing arrived within a month, or ever
 */
export const FLOW_STATES = ["flowing", "failing", "quiet", "late", "stalled", "silent"] as const;
export type FlowState = (typeof FLOW_STATES)[number];

export type ObjectiveState = "met" | "burning slowly" | "burning fast" | "spent" | "unknown";

/** Of a topic, or of all topics of a source. */
export type TopicOverview = {
  readonly name: string;
  readonly state: FlowState;
  readonly lastReceivedAtMs: number | null;
  /** In the last hour. */
  readonly received: number;
  readonly deadLettered: number;
  readonly inFlight: number;
  /** Records accepted per minute over the last hour, oldest first; the last is the current minute. */
  readonly receivedPerMinute: readonly number[];
  /** From accepted to visible, in the last hour; upper bounds in milliseconds. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly outcomes: Counts;
  readonly rejections: Counts;
  readonly objective: {
    readonly state: ObjectiveState;
    /** The share of the records of each window that was visible in time; `null` if there were none. */
    readonly share1h: number | null;
    readonly share30d: number | null;
    /** The burn rate of the error budget; at 1 it lasts exactly 30 days. */
    readonly burn5m: number | null;
    readonly burn1h: number | null;
    readonly burn6h: number | null;
    /** The rest of 30 days' error budget; negative once it is overspent. */
    readonly budgetLeft: number | null;
  };
};

/** How far back a history goes, by minutes up to an hour and by hours beyond. */
export const HISTORY_RANGES = ["1h", "24h", "30d"] as const;
export type HistoryRange = (typeof HISTORY_RANGES)[number];

/** The range of a query, and its topics: all, unless a topic or a source is named. */
export type HistoryQuery = { readonly range: HistoryRange; readonly name?: string | undefined; readonly nowMs: number };

/** Records over time, of all topics, of a source or of a topic. */
export type FlowHistory = {
  /** When it was read. This time is in the last step, which is not over. */
  readonly atMs: number;
  readonly stepMs: number;
  /** The records of each step, oldest first. */
  readonly received: readonly number[];
  readonly deadLettered: readonly number[];
};

/** The sum of what several objects know of the same query. */
export const joinHistories = (a: FlowHistory, b: FlowHistory): FlowHistory => ({
  ...a,
  received: addedSteps(a.received, b.received),
  deadLettered: addedSteps(a.deadLettered, b.deadLettered),
});

const addedSteps = (a: readonly number[], b: readonly number[]): number[] => a.map((count, i) => count + (b[i] ?? 0));

export type TopicsOverview = {
  readonly atMs: number;
  readonly objective: { readonly withinMs: number; readonly share: number };
  readonly sources: readonly TopicOverview[];
  readonly topics: readonly TopicOverview[];
};
