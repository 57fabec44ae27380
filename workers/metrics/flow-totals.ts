import { livePart } from "#telemetry/live-part.ts";
import { type Counts, type MetricsTotals, splitKey, toBuckets } from "#telemetry/metrics.ts";
import type { FlowTotals } from "#telemetry/overview.ts";

/** Reasons for which the consumer gives a record up. All other reasons are rejections by a contract or a limit. */
const FAILURES: readonly string[] = ["fault", "crash"];

/** The totals that the flow page shows, summed over topics. Records are live ones: a backfill is not what flows. */
export function toFlowTotals(totals: MetricsTotals): FlowTotals {
  const live = livePart(totals);
  const outcome = (name: string) => sumWhere(live.outcomes, (key) => splitKey(key)[1] === name);
  const isFailure = (key: string) => FAILURES.includes(splitKey(key)[1]);
  return {
    requests: sumWhere(totals.clientRequests),
    refused: sumWhere(totals.clientRequests, (key) => Number(splitKey(key)[1]) >= 400),
    accepted: sumWhere(live.accepted),
    applied: outcome("applied"),
    unchanged: outcome("unchanged"),
    duplicate: outcome("duplicate"),
    superseded: outcome("superseded"),
    retried: sumWhere(totals.retried),
    replayed: sumWhere(totals.replayed),
    rejected: sumWhere(live.deadLettered, (key) => !isFailure(key)),
    failed: sumWhere(live.deadLettered, isFailure),
    batches: totals.batches,
    d1RowsWritten: totals.d1RowsWritten,
    objectWrites: totals.objectWrites,
    queries: sumWhere(totals.graphqlMs, (key) => splitKey(key)[1] !== "sum"),
    queryErrors: sumWhere(totals.graphqlErrors),
    queryRowsRead: sumWhere(totals.graphqlRowsRead),
    socketsOpened: sumWhere(totals.socketsOpened),
    socketsClosed: sumWhere(totals.socketsClosed),
    freshness: toBuckets(totals.receivedToVisibleMs),
    queryMs: toBuckets(answered(totals.graphqlMs)),
    acceptedByTopic: live.accepted,
  };
}

/** Without subscriptions: they are counted when they begin, with a duration of 0, which would distort the latency. */
const answered = (graphqlMs: Counts): Counts =>
  Object.fromEntries(Object.entries(graphqlMs).filter(([key]) => !key.startsWith("subscription ")));

const sumWhere = (counts: Counts, isIncluded: (key: string) => boolean = () => true): number =>
  Object.entries(counts).reduce((sum, [key, count = 0]) => (isIncluded(key) ? sum + count : sum), 0);
