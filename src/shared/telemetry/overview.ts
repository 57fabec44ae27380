import type { Counts } from "./metrics.ts";

/** What the operations API says of how things run, as JSON. Times are milliseconds since 1970. */

/** What the flow page draws, added up since the first deployment; a page shows the difference of two. */
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
  /** Dead letters written at the boundary because of what the record is, and by the consumer because it failed. */
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

/** Once a second. */
export type FlowTick = {
  readonly atMs: number;
  readonly totals: FlowTotals;
  /** Accepted or replayed, and not settled. */
  readonly inFlight: number;
  /** By the queue's own count when it was last sent to; `null` before that. */
  readonly backlog: { readonly messages: number; readonly bytes: number; readonly atMs: number } | null;
  /** `null` while D1 does not answer. */
  readonly desk: DeskFigures | null;
};

/** How the dead letters stand. */
export type DeskFigures = {
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
 * How a topic, or all of a source, stands:
 * - `flowing`: records come and become visible
 * - `failing`: records come, and all of them become dead letters; their issues name the cause
 * - `quiet`: nothing came lately, and nothing had to
 * - `late`: nothing came for much longer than is usual here; the source is to be asked
 * - `stalled`: records came and do not become visible; we are to be asked
 * - `silent`: nothing came within a month, or ever
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
  /** Records a minute that came, oldest first, over the last hour; the last of them is the current minute. */
  readonly receivedPerMinute: readonly number[];
  /** From accepted to visible, of the last hour; upper bounds in milliseconds. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly outcomes: Counts;
  readonly rejections: Counts;
  readonly objective: {
    readonly state: ObjectiveState;
    /** Of the records of each window, the share that was visible in time; `null` where there were none. */
    readonly share1h: number | null;
    readonly share30d: number | null;
    /** How many times as fast as the objective allows the error budget is being spent. */
    readonly burn5m: number | null;
    readonly burn1h: number | null;
    readonly burn6h: number | null;
    /** Of 30 days' error budget; negative once it is overspent. */
    readonly budgetLeft: number | null;
  };
};

/** How far back a history goes, by minutes up to an hour and by hours beyond. */
export const HISTORY_RANGES = ["1h", "24h", "30d"] as const;
export type HistoryRange = (typeof HISTORY_RANGES)[number];

/** Records over time, of all topics, of a source or of a topic. */
export type FlowHistory = {
  /** When it was read; the last step is the one that this time is in, and is still filling. */
  readonly atMs: number;
  readonly stepMs: number;
  /** Each step's records, oldest first. */
  readonly received: readonly number[];
  readonly deadLettered: readonly number[];
};

export type TopicsOverview = {
  readonly atMs: number;
  readonly objective: { readonly withinMs: number; readonly share: number };
  readonly sources: readonly TopicOverview[];
  readonly topics: readonly TopicOverview[];
};
