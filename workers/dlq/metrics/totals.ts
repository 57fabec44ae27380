import { MERGE_OUTCOMES, type MergeOutcome } from "#domain/outcome.ts";
import { type Counts, type MetricsTotals, splitKey } from "#telemetry/metrics.ts";

/** How many records had which outcome, of all topics or of one. */
export type Outcomes = { readonly accepted: number } & Readonly<Record<MergeOutcome, number>> & {
    readonly deadLettered: { readonly total: number; readonly byReason: Readonly<Record<string, number>> };
    readonly retried: number;
    readonly replayed: number;
    /** Accepted or replayed, without an outcome yet: 0 when nothing is being processed. */
    readonly inFlight: number;
  };

export type OutcomesReport = Outcomes & {
  readonly batches: number;
  readonly d1RowsRead: number;
  readonly d1RowsWritten: number;
  readonly objectWrites: number;
  readonly topics: Readonly<Record<string, Outcomes>>;
};

/** The outcomes in all and by topic. */
export function toOutcomes(totals: MetricsTotals): OutcomesReport {
  const { batches, d1RowsRead, d1RowsWritten, objectWrites } = totals;
  const topics = Object.fromEntries(
    findTopics(totals).map((topic) => [topic, tally(totals, (each) => each === topic)]),
  );
  return { ...tally(totals, () => true), batches, d1RowsRead, d1RowsWritten, objectWrites, topics };
}

function tally(totals: MetricsTotals, isIncluded: (topic: string) => boolean): Outcomes {
  const sumOf = (counts: Counts) => sum(Object.entries(counts).filter(([topic]) => isIncluded(topic)));
  const byKind = (counts: Counts) => {
    const kinds: Record<string, number> = {};
    for (const [key, count = 0] of Object.entries(counts)) {
      const [topic, kind] = splitKey(key);
      if (isIncluded(topic)) kinds[kind] = (kinds[kind] ?? 0) + count;
    }
    return kinds;
  };
  const merged = byKind(totals.outcomes);
  const outcomes = Object.fromEntries(MERGE_OUTCOMES.map((outcome) => [outcome, merged[outcome] ?? 0])) as Record<
    MergeOutcome,
    number
  >;
  const byReason = byKind(totals.deadLettered);
  const deadLettered = { total: sum(Object.entries(byReason)), byReason };
  const accepted = sumOf(totals.accepted);
  const replayed = sumOf(totals.replayed);
  const settled = sum(Object.entries(outcomes)) + deadLettered.total;
  const inFlight = accepted + replayed - settled;
  return { accepted, ...outcomes, deadLettered, retried: sumOf(totals.retried), replayed, inFlight };
}

function findTopics({ accepted, outcomes, deadLettered, retried, replayed }: MetricsTotals): string[] {
  const topics = new Set([accepted, retried, replayed].flatMap((counts) => Object.keys(counts)));
  for (const key of [outcomes, deadLettered].flatMap((counts) => Object.keys(counts))) topics.add(splitKey(key)[0]);
  return [...topics].sort();
}

const sum = (entries: readonly (readonly [string, number | undefined])[]): number =>
  entries.reduce((total, [, count = 0]) => total + count, 0);
