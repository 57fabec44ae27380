import {
  addReports,
  type MetricsReport,
  type MetricsSink,
  type MetricsSource,
  type MetricsTotals,
  NO_TOTALS,
} from "./metrics.ts";

/**
 * How many objects share the counting. One takes about a thousand calls a second, and each busy isolate of any Worker
 * makes up to ten; reading asks all of them, so more is not better. May be raised at any time, and never lowered.
 */
export const METRICS_SHARDS = 4;

/** Names of the objects. The first has the name from when it was the only one. */
export const SHARD_NAMES = Array.from({ length: METRICS_SHARDS }, (_, i) => (i === 0 ? "metrics" : `metrics-${i}`));

/** What is used of the binding to `MetricsObject` of the dlq Worker. */
export type MetricsNamespace<Shard = MetricsSink> = { getByName(name: string): Shard };

/** Drawn with the first report: outside of a request a Worker has no chance at its disposal. */
let drawn: string | undefined;

/** The object that this isolate reports to, for as long as it lives. */
export function shardOf<Shard>(metrics: MetricsNamespace<Shard>): Shard {
  drawn ??= SHARD_NAMES[Math.floor(Math.random() * METRICS_SHARDS)] as string;
  return metrics.getByName(drawn);
}

/** All objects, for who wants to know what they know together. */
export const shardsOf = <Shard>(metrics: MetricsNamespace<Shard>): Shard[] =>
  SHARD_NAMES.map((name) => metrics.getByName(name));

/** The objects as if they were one. */
export const metricsOver = (metrics: MetricsNamespace<MetricsSink & MetricsSource>): MetricsSink & MetricsSource => ({
  report: (report: MetricsReport) => shardOf(metrics).report(report),
  read: async () => {
    const totals = await Promise.all(shardsOf(metrics).map((shard) => shard.read()));
    return totals.reduce<MetricsReport>(addReports, NO_TOTALS) as MetricsTotals;
  },
});
