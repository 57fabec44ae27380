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
  const bounded: Record<string, unknown> = { ...report };
  for (const name of INSTRUMENT_NAMES) {
    const counts = report[name];
    if (typeof counts !== "object") continue;
    bounded[name] = boundedCounts(INSTRUMENTS[name], counts, { known: known(name), labelOf });
  }
  return bounded;
}

type Bounds = { readonly known: Counts; readonly labelOf: (topic: string) => string };

function boundedCounts({ kind, labels }: Instrument, counts: Counts, { known, labelOf }: Bounds): Counts {
  const parts = labels.length + (kind === "histogram" ? 1 : 0);
  const sums: Record<string, number> = {};
  let room = MAX_KEYS - Object.keys(known).length;
  for (const [key, count = 0] of Object.entries(counts)) {
    const values = partsOf(key, parts);
    if (TOPIC_LABELS.includes(labels[0] ?? "")) values[0] = labelOf(values[0] as string);
    let bounded = values.join(" ");
    if (!Object.hasOwn(known, bounded) && !Object.hasOwn(sums, bounded)) {
      if (room > 0) room--;
      else bounded = values.map((value, i) => (i < labels.length ? "other" : value)).join(" ");
    }
    sums[bounded] = (sums[bounded] ?? 0) + count;
  }
  return sums;
}

/** The values of a key. The first may hold spaces. */
export function partsOf(key: string, count: number): string[] {
  const words = key.split(" ");
  const rest = count > 1 ? words.slice(-(count - 1)) : [];
  return [words.slice(0, words.length - rest.length).join(" "), ...rest];
}
