import { describeFault, log } from "./log.ts";
import { addReports, type MetricsReport } from "./metrics.ts";
import { type MetricsNamespace, pickShard } from "./shards.ts";

/** How long one request may send the reports of others. Ours: a Worker has 30 s after its response. */
const MAX_CARRY_MS = 10_000;

/** When a request that sends for others is presumed dead. */
const MAX_SILENCE_MS = 20_000;

/** What was reported during a call to the object, and is sent with the next call. */
const carried = new WeakMap<object, { readonly report: MetricsReport; readonly sinceMs: number }>();

/**
 * Reports to the metrics object. A failure is only logged: no record waits for a counter. Of the requests that an
 * isolate serves at once, one sends the reports of all, so a busy isolate makes fewer calls and writes than it has
 * requests.
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
    await send(METRICS, next);
    next = carried.get(METRICS)?.report ?? {};
  } while (Object.keys(next).length > 0 && Date.now() - sinceMs < MAX_CARRY_MS);
  carried.delete(METRICS);
  if (Object.keys(next).length > 0) await send(METRICS, next);
}

async function send(metrics: MetricsNamespace, report: MetricsReport): Promise<void> {
  try {
    await pickShard(metrics).report(report);
  } catch (thrown) {
    log("warn", "metrics.lost", describeFault(thrown));
  }
}
