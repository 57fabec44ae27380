import type { Backlog, MetricsSink, MetricsSource } from "#telemetry/metrics.ts";
import {
  addFlowTotals,
  type FlowHistory,
  type FlowTotals,
  type HistoryQuery,
  joinHistories,
} from "#telemetry/overview.ts";
import { allShards, type MetricsNamespace, type MetricsShard, metricsOver } from "#telemetry/shards.ts";
import { joinTimes, type TopicTimes } from "#telemetry/topic-times.ts";

/** The metrics as this Worker reads them, beyond what every Worker does. */
export type Metrics = MetricsSink &
  MetricsSource & {
    flow(): Promise<{ readonly totals: FlowTotals; readonly backlog: Backlog | null }>;
    times(): Promise<TopicTimes>;
    history(query: HistoryQuery): Promise<FlowHistory>;
  };

/** Reads all metrics objects and sums up their answers. */
export const createMetrics = (namespace: MetricsNamespace<MetricsShard>): Metrics => ({
  ...metricsOver(namespace),
  flow: async () => {
    const all = await Promise.all(allShards(namespace).map((shard) => shard.flow()));
    const backlogs = all.flatMap(({ backlog }) => backlog ?? []).sort((a, b) => b.atMs - a.atMs);
    const totals = all.map(({ backlog: _, ...flow }) => flow).reduce(addFlowTotals);
    return { totals, backlog: backlogs[0] ?? null };
  },
  times: async () => (await Promise.all(allShards(namespace).map((shard) => shard.times()))).reduce(joinTimes),
  history: async (query) =>
    (await Promise.all(allShards(namespace).map((shard) => shard.history(query)))).reduce(joinHistories),
});
