import { findContract } from "../../../src/shared/contracts/index.ts";
import { INSTRUMENTS, type Instrument, type InstrumentName } from "../../../src/shared/telemetry/instruments.ts";
import { type Counts, INSTRUMENT_NAMES, type MetricsReport } from "../../../src/shared/telemetry/metrics.ts";

/** The name a topic is counted under: clients choose topics, so only those of a contract get series of their own. */
export const topicLabelOf = (topic: string, nowMs: number): string => findContract(topic, nowMs)?.topic ?? "other";

/** Keys that one instrument may have, histogram buckets included. Ours; what comes beyond is counted as `other`. */
export const MAX_KEYS = 4_000;

const TOPIC_LABELS: readonly string[] = ["topic", "messaging_destination_name"];

/**
 * A report whose labels are bounded: topics by the contracts, and everything else by how many keys there are already.
 * @param known the keys that the totals have
 */
export function boundedReport(
  report: MetricsReport,
  known: (name: InstrumentName) => Counts,
  labelOf: (topic: string) => string,
): MetricsReport {
  // What another version of us counts and this one does not know would have no bound, and is left out.
  const bounded: Record<string, unknown> = { ...(report.backlog && { backlog: report.backlog }) };
  for (const name of INSTRUMENT_NAMES) {
    const counts = report[name];
    if (typeof counts === "number") bounded[name] = counts;
    if (typeof counts !== "object") continue;
    bounded[name] = boundedCounts(INSTRUMENTS[name], counts, { known: known(name), labelOf });
  }
  return bounded;
}

type Bounds = { readonly known: Counts; readonly labelOf: (topic: string) => string };

function boundedCounts(instrument: Instrument, counts: Counts, { known, labelOf }: Bounds): Counts {
  const { kind, labels } = instrument;
  const parts = labels.length + (kind === "histogram" ? 1 : 0);
  const seriesOf = (values: readonly string[]) => values.slice(0, labels.length).join(" ");
  const sums = new Map<string, number>();
  let series: Set<string> | undefined;
  for (const [key, count = 0] of Object.entries(counts)) {
    const values = partsOf(key, parts);
    if (TOPIC_LABELS.includes(labels[0] ?? "")) values[0] = labelOf(values[0] as string);
    let bounded = values.join(" ");
    if (!Object.hasOwn(known, bounded) && !sums.has(bounded)) {
      // A histogram is let in as a whole, or its sum would stand with one name and its buckets with another.
      series ??= new Set(Object.keys(known).map((each) => seriesOf(partsOf(each, parts))));
      if (series.has(seriesOf(values)) || series.size < maxSeriesOf(instrument)) series.add(seriesOf(values));
      else bounded = values.map((value, i) => (i < labels.length ? "other" : value)).join(" ");
    }
    sums.set(bounded, (sums.get(bounded) ?? 0) + count);
  }
  return Object.fromEntries(sums);
}

/** A histogram has a key for each bound, `+Inf` and `sum`. */
const maxSeriesOf = (instrument: Instrument): number =>
  instrument.kind === "histogram" ? Math.floor(MAX_KEYS / (instrument.bounds.length + 2)) : MAX_KEYS;

/** The values of a key. The first may hold spaces. */
export function partsOf(key: string, count: number): string[] {
  const words = key.split(" ");
  const rest = count > 1 ? words.slice(-(count - 1)) : [];
  return [words.slice(0, words.length - rest.length).join(" "), ...rest];
}
