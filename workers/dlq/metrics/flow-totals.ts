import {
  addCounts,
  bucketsOf,
  type Counts,
  type MetricsTotals,
  splitKey,
} from "../../../src/shared/telemetry/metrics.ts";
import type { FlowTotals } from "../../../src/shared/telemetry/overview.ts";

/** What the consumer gives up on; everything else is refused at the boundary. */
const FAILURES: readonly string[] = ["fault", "crash"];

export function flowTotalsOf(totals: MetricsTotals): FlowTotals {
  const outcome = (name: string) => sumWhere(totals.outcomes, (key) => splitKey(key)[1] === name);
  const isFailure = (key: string) => FAILURES.includes(splitKey(key)[1]);
  return {
    requests: sumWhere(totals.clientRequests),
    refused: sumWhere(totals.clientRequests, (key) => Number(splitKey(key)[1]) >= 400),
    accepted: sumWhere(totals.accepted),
    applied: outcome("applied"),
    unchanged: outcome("unchanged"),
    duplicate: outcome("duplicate"),
    superseded: outcome("superseded"),
    retried: sumWhere(totals.retried),
    replayed: sumWhere(totals.replayed),
    rejected: sumWhere(totals.deadLettered, (key) => !isFailure(key)),
    failed: sumWhere(totals.deadLettered, isFailure),
    batches: totals.batches,
    d1RowsWritten: totals.d1RowsWritten,
    objectWrites: totals.objectWrites,
    queries: sumWhere(totals.graphqlMs, (key) => splitKey(key)[1] !== "sum"),
    queryErrors: sumWhere(totals.graphqlErrors),
    queryRowsRead: sumWhere(totals.graphqlRowsRead),
    socketsOpened: sumWhere(totals.socketsOpened),
    socketsClosed: sumWhere(totals.socketsClosed),
    freshness: bucketsOf(totals.receivedToVisibleMs),
    queryMs: bucketsOf(answered(totals.graphqlMs)),
    acceptedByTopic: totals.accepted,
  };
}

/** A subscription is counted when it begins, at no time at all: of how fast queries are it says nothing. */
const answered = (graphqlMs: Counts): Counts =>
  Object.fromEntries(Object.entries(graphqlMs).filter(([key]) => !key.startsWith("subscription ")));

/** What several objects know, as one. */
export function addFlowTotals(a: FlowTotals, b: FlowTotals): FlowTotals {
  const names = Object.keys(a) as (keyof FlowTotals)[];
  return Object.fromEntries(names.map((name) => [name, added(a[name], b[name])])) as FlowTotals;
}

const added = (a: number | Counts, b: number | Counts): number | Counts =>
  typeof a === "number" || typeof b === "number" ? Number(a) + Number(b) : addCounts(a, b);

const sumWhere = (counts: Counts, isMeant: (key: string) => boolean = () => true): number =>
  Object.entries(counts).reduce((sum, [key, count = 0]) => (isMeant(key) ? sum + count : sum), 0);
