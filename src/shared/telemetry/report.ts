import { faultOf, log } from "./log.ts";
import { addReports, type MetricsReport } from "./metrics.ts";
import { type MetricsNamespace, shardOf } from "./shards.ts";

/** How long one request may carry what others report. Ours: a Worker has 30 s behind its answer. */
const MAX_CARRY_MS = 10_000;

/** When a request that carries for others has to be given up for dead. */
const MAX_SILENCE_MS = 20_000;

/** What was reported while a request was telling the object, which tells it next. */
const carried = new WeakMap<object, { readonly report: MetricsReport; readonly sinceMs: number }>();

/**
 * Tells the metrics object, and only logs when it cannot be told: no record waits for a counter. Of the requests that
 * an isolate serves at once one tells for all, so a busy isolate makes fewer calls, and writes, than it has requests.
 */
export async function reportMetrics(
  { METRICS }: { readonly METRICS: MetricsNamespace },
  report: MetricsReport,
): Promise<void> {
  const others = carried.get(METRICS);
  const isCarried = others !== undefined && Date.now() - others.sinceMs < MAX_SILENCE_MS;
  let next = others ? addReports(others.report, report) : report;
  if (isCarried) {
    carried.set(METRICS, { ...others, report: next });
    return;
  }
  const sinceMs = Date.now();
  do {
    carried.set(METRICS, { report: {}, sinceMs });
    await tell(METRICS, next);
    next = carried.get(METRICS)?.report ?? {};
  } while (Object.keys(next).length > 0 && Date.now() - sinceMs < MAX_CARRY_MS);
  carried.delete(METRICS);
  if (Object.keys(next).length > 0) await tell(METRICS, next);
}

async function tell(metrics: MetricsNamespace, report: MetricsReport): Promise<void> {
  try {
    await shardOf(metrics).report(report);
  } catch (thrown) {
    log("warn", "metrics.lost", faultOf(thrown));
  }
}
