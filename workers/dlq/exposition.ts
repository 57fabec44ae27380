import type { MergeOutcome } from "../../src/shared/domain/outcome.ts";
import { type Counts, SETTLE_BUCKETS_MS } from "../../src/shared/telemetry/metrics.ts";
import { type MetricsTotals, outcomesOf, splitKey } from "./totals.ts";

/** The content type of `expositionOf`'s text: prometheus.io/docs/instrumenting/exposition_formats */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** The totals as Prometheus reads them. */
export function expositionOf(totals: MetricsTotals): string {
  const { inFlight } = outcomesOf(totals);
  return [
    counter("concord_records_accepted_total", "Records taken from clients.", byTopic(totals.accepted)),
    counter("concord_records_total", "Records by how they ended.", endings(totals)),
    counter(
      "concord_dead_letters_total",
      "Records that became dead letters, by reason.",
      byTopicAnd("reason", totals.deadLettered),
    ),
    counter("concord_records_retried_total", "Records sent back to the queue after a fault.", byTopic(totals.retried)),
    counter("concord_records_replayed_total", "Dead letters sent back to the consumer.", byTopic(totals.replayed)),
    counter("concord_batches_total", "Queue batches consumed.", one(totals.batches)),
    counter("concord_d1_rows_read_total", "Rows D1 read for consumers, as it bills them.", one(totals.d1RowsRead)),
    counter(
      "concord_d1_rows_written_total",
      "Rows D1 wrote for consumers, as it bills them.",
      one(totals.d1RowsWritten),
    ),
    counter("concord_object_calls_total", "Calls of device objects and of dealers' feeds.", one(totals.objectCalls)),
    counter("concord_object_writes_total", "Writes to device objects.", one(totals.objectWrites)),
    family("gauge", "concord_records_in_flight", "Records accepted or replayed and not settled yet.", one(inFlight)),
    histogram("concord_settle_seconds", "Time from accepted to settled.", totals.settleMs, totals.settleMsSum),
  ].join("");
}

type Sample = { readonly suffix?: string; readonly labels: Readonly<Record<string, string>>; readonly value: number };

function family(type: "counter" | "gauge" | "histogram", name: string, help: string, samples: readonly Sample[]) {
  const lines = samples.map(({ suffix = "", labels, value }) => `${name}${suffix}${labelsText(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

const counter = (name: string, help: string, samples: readonly Sample[]) => family("counter", name, help, samples);

const one = (value: number): Sample[] => [{ labels: {}, value }];

const byTopic = (counts: Counts): Sample[] =>
  Object.entries(counts).map(([topic, value = 0]) => ({ labels: { topic }, value }));

const byTopicAnd = (label: string, counts: Counts): Sample[] =>
  Object.entries(counts).map(([key, value = 0]) => {
    const [topic, kind] = splitKey(key);
    return { labels: { topic, [label]: kind }, value };
  });

/** Dead-lettered is one more way to end; its reasons are a metric of their own. */
function endings({ outcomes, deadLettered }: MetricsTotals): Sample[] {
  const dead: Record<string, number> = {};
  for (const [key, count = 0] of Object.entries(deadLettered)) {
    const [topic] = splitKey<MergeOutcome>(key);
    dead[`${topic} dead_lettered`] = (dead[`${topic} dead_lettered`] ?? 0) + count;
  }
  return byTopicAnd("outcome", { ...outcomes, ...dead });
}

/** Prometheus counts cumulatively, in seconds; we count each record in one bucket, in milliseconds. */
function histogram(name: string, help: string, counts: Counts, sumMs: number): string {
  let total = 0;
  const buckets = [...SETTLE_BUCKETS_MS, "+Inf"].map((bound): Sample => {
    total += counts[bound] ?? 0;
    const le = typeof bound === "number" ? String(bound / 1000) : bound;
    return { suffix: "_bucket", labels: { le }, value: total };
  });
  return family("histogram", name, help, [
    ...buckets,
    { suffix: "_sum", labels: {}, value: sumMs / 1000 },
    { suffix: "_count", labels: {}, value: total },
  ]);
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length > 0 ? `{${pairs.join(",")}}` : "";
}

const escapeLabel = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
