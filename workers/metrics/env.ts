import type { MetricsNamespace, MetricsShard } from "#telemetry/shards.ts";

/** The bindings of wrangler.toml. */
export type Env = {
  /** `MetricsObject` of this Worker. */
  readonly METRICS: MetricsNamespace<MetricsShard>;
  /** Optional: past minutes are written there too. */
  readonly ANALYTICS?: AnalyticsEngineDataset;
};
