import { findContract } from "#contracts/index.ts";
import { INSTRUMENTS, type Instrument, type InstrumentName } from "#telemetry/instruments.ts";
import { type Counts, INSTRUMENT_NAMES, type MetricsReport, partsOf } from "#telemetry/metrics.ts";

/** The label that a topic is counted under. Clients choose topics, so only those with a contract have a series each. */
export const toTopicLabel = (topic: string, nowMs: number): string => findContract(topic, nowMs)?.topic ?? "other";

/** Most keys of one instrument, histogram buckets included. Ours; further label values are counted as `other`. */
export const MAX_KEYS = 4_000;

const TOPIC_LABELS: readonly string[] = ["topic", "messaging_destination_name"];

/**
 * A report with bounded labels: topics are limited to those with a contract, all others by the number of existing keys.
 * @param known the keys that the totals have
 */
export function boundedReport(
  report: MetricsReport,
  known: (name: InstrumentName) => Counts,
  toLabel: (topic: string) => string,
): MetricsReport {
  // An instrument that only another version knows is dropped: its labels could not be bounded here.
  const bounded: Record<string, unknown> = { ...(report.backlog && { backlog: report.backlog }) };
  for (const name of INSTRUMENT_NAMES) {
    const counts = report[name];
    if (typeof counts === "number") bounded[name] = counts;
    if (typeof counts !== "object") continue;
    bounded[name] = boundedCounts(INSTRUMENTS[name], counts, { known: known(name), toLabel });
  }
  return bounded;
}

type Bounds = { readonly known: Counts; readonly toLabel: (topic: string) => string };

function boundedCounts(instrument: Instrument, counts: Counts, { known, toLabel }: Bounds): Counts {
  const { kind, labels } = instrument;
  const parts = labels.length + (kind === "histogram" ? 1 : 0);
  const toSeries = (values: readonly string[]) => values.slice(0, labels.length).join(" ");
  const sums = new Map<string, number>();
  let series: Set<string> | undefined;
  for (const [key, count = 0] of Object.entries(counts)) {
    const values = partsOf(key, parts);
    if (TOPIC_LABELS.includes(labels[0] ?? "")) values[0] = toLabel(values[0] as string);
    let bounded = values.join(" ");
    if (!Object.hasOwn(known, bounded) && !sums.has(bounded)) {
      // A histogram is admitted as a whole, or its sum and its buckets could end up under different names.
      series ??= new Set(Object.keys(known).map((each) => toSeries(partsOf(each, parts))));
      if (series.has(toSeries(values)) || series.size < maxSeries(instrument)) series.add(toSeries(values));
      else bounded = values.map((value, i) => (i < labels.length ? "other" : value)).join(" ");
    }
    sums.set(bounded, (sums.get(bounded) ?? 0) + count);
  }
  return Object.fromEntries(sums);
}

/** A histogram has a key for each bound, `+Inf` and `sum`. */
const maxSeries = (instrument: Instrument): number =>
  instrument.kind === "histogram" ? Math.floor(MAX_KEYS / (instrument.bounds.length + 2)) : MAX_KEYS;
