import {
  addReports,
  type Backlog,
  type MetricsReport,
  type MetricsSink,
  type MetricsSource,
  type MetricsTotals,
  NO_TOTALS,
} from "./metrics.ts";
import type { FlowHistory, FlowTotals, HistoryQuery } from "./overview.ts";
import type { TopicTimes } from "./topic-times.ts";

/** The calls of one of the counting objects: `MetricsObject` of the metrics Worker. */
export interface MetricsShard extends MetricsSink, MetricsSource {
  /** Records that entered and that settled within the last hour. A lost count is forgotten after that hour too. */
  lastHour(): Promise<{ readonly entered: number; readonly settled: number }>;
  /** What is sent once a second, and is therefore small. */
  flow(): Promise<FlowTotals & { readonly backlog: Backlog | undefined }>;
  times(): Promise<TopicTimes>;
  history(query: HistoryQuery): Promise<FlowHistory>;
}

/**
 * How many objects share the counting. One handles about a thousand calls a second, and each busy isolate of any Worker
 * makes up to ten. A read calls all of them, so more is not better. May be raised at any time, and never lowered.
 */
export const METRICS_SHARDS = 4;

/** Names of the objects. The first has its name from when it was the only one. */
export const SHARD_NAMES = Array.from({ length: METRICS_SHARDS }, (_, i) => (i === 0 ? "metrics" : `metrics-${i}`));

/** The part of the binding to `MetricsObject` of the metrics Worker that is used. */
export type MetricsNamespace<Shard = MetricsSink> = { getByName(name: string): Shard };

/** Chosen with the first report, since a Worker has no random numbers outside of a request. */
let drawn: string | undefined;

/** The object that this isolate reports to for its whole life. */
export function pickShard<Shard>(metrics: MetricsNamespace<Shard>): Shard {
  drawn ??= SHARD_NAMES[Math.floor(Math.random() * METRICS_SHARDS)] as string;
  return metrics.getByName(drawn);
}

/** All objects, for reads. */
export const allShards = <Shard>(metrics: MetricsNamespace<Shard>): Shard[] =>
  SHARD_NAMES.map((name) => metrics.getByName(name));

/** The objects as if they were one. */
export const metricsOver = (metrics: MetricsNamespace<MetricsSink & MetricsSource>): MetricsSink & MetricsSource => ({
  report: (report: MetricsReport) => pickShard(metrics).report(report),
  read: async () => {
    const totals = await Promise.all(allShards(metrics).map((shard) => shard.read()));
    return totals.reduce<MetricsReport>(addReports, NO_TOTALS) as MetricsTotals;
  },
});
