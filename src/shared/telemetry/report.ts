import { faultOf, log } from "./log.ts";
import { METRICS_OBJECT_NAME, type MetricsReport, type MetricsSink } from "./metrics.ts";

/** `MetricsObject` of the dlq Worker. */
export type MetricsNamespace = DurableObjectNamespace<MetricsSink & Rpc.DurableObjectBranded>;

/** Tells the metrics object, and only logs when it cannot be told: no record waits for a counter. */
export async function reportMetrics(
  { METRICS }: { readonly METRICS: MetricsNamespace },
  report: MetricsReport,
): Promise<void> {
  try {
    await METRICS.getByName(METRICS_OBJECT_NAME).report(report);
  } catch (thrown) {
    log("warn", "metrics.lost", faultOf(thrown));
  }
}
