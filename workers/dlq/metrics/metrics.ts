import type { MetricsSink, MetricsSource } from "../../../src/shared/telemetry/metrics.ts";
import type { FlowHistory, FlowTotals } from "../../../src/shared/telemetry/overview.ts";
import { type MetricsNamespace, metricsOver, shardsOf } from "../../../src/shared/telemetry/shards.ts";
import { addFlowTotals } from "./flow-totals.ts";
import { type HistoryQuery, joinHistories } from "./history.ts";
import type { MetricsObject } from "./metrics-object.ts";
import { joinTimes, type TopicTimes } from "./slots.ts";

export type Backlog = NonNullable<Awaited<ReturnType<MetricsObject["flow"]>>["backlog"]>;

/** What this Worker asks of the metrics beside what all do. */
export type Metrics = MetricsSink &
  MetricsSource & {
    flow(): Promise<{ readonly totals: FlowTotals; readonly backlog: Backlog | null }>;
    times(): Promise<TopicTimes>;
    history(query: HistoryQuery): Promise<FlowHistory>;
  };

type Shard = MetricsSink & MetricsSource & Pick<MetricsObject, "flow" | "times" | "history">;

/** All objects as if they were one. */
export const metricsOf = (namespace: MetricsNamespace<Shard>): Metrics => ({
  ...metricsOver(namespace),
  flow: async () => {
    const all = await Promise.all(shardsOf(namespace).map((shard) => shard.flow()));
    const backlogs = all.flatMap(({ backlog }) => backlog ?? []).sort((a, b) => b.atMs - a.atMs);
    const totals = all.map(({ backlog: _, ...flow }) => flow).reduce(addFlowTotals);
    return { totals, backlog: backlogs[0] ?? null };
  },
  times: async () => (await Promise.all(shardsOf(namespace).map((shard) => shard.times()))).reduce(joinTimes),
  history: async (query) =>
    (await Promise.all(shardsOf(namespace).map((shard) => shard.history(query)))).reduce(joinHistories),
});
