import type { Counts } from "#telemetry/metrics.ts";
import type { FlowTick, FlowTotals } from "#telemetry/overview.ts";
import type { RatePoint } from "../../parts/rate-chart.tsx";

/** Members of the totals that are a single number. */
type Figure = { [K in keyof FlowTotals]: FlowTotals[K] extends number ? K : never }[keyof FlowTotals];

/** The window of a rate: long enough to be steady, short enough to be current. */
export const RATE_MS = 10_000;
/** The window of a percentile. */
const PERCENTILE_MS = 60_000;
/** The window of the chart. */
export const CHART_MS = 5 * 60_000;

/**
 * The ticks of the last five minutes, oldest first. If counts have decreased, a new deployment counts from zero, and
 * only its ticks are kept.
 */
export function withTick(ticks: readonly FlowTick[], tick: FlowTick): readonly FlowTick[] {
  const last = ticks.at(-1);
  if (last && (tick.atMs <= last.atMs || tick.totals.accepted < last.totals.accepted)) return [tick];
  return [...ticks.filter(({ atMs }) => atMs > tick.atMs - CHART_MS), tick];
}

/** The first tick within a window that ends with the last tick. */
const since = (ticks: readonly FlowTick[], spanMs: number): FlowTick | undefined => {
  const last = ticks.at(-1);
  return last && ticks.find(({ atMs }) => atMs >= last.atMs - spanMs);
};

/** The rate per second over the last ten seconds; 0 until there are two ticks. */
export function rateOfFigure(ticks: readonly FlowTick[], figure: Figure): number {
  const [first, last] = [since(ticks, RATE_MS), ticks.at(-1)];
  if (!first || !last || first === last) return 0;
  return ((last.totals[figure] - first.totals[figure]) * 1_000) / (last.atMs - first.atMs);
}

/** The rate of accepted records of each source, by the second part of the topics. */
export function ratesBySource(ticks: readonly FlowTick[]): Readonly<Record<string, number>> {
  const [first, last] = [since(ticks, RATE_MS), ticks.at(-1)];
  const rates: Record<string, number> = {};
  if (!first || !last || first === last) return rates;
  for (const [topic, count = 0] of Object.entries(last.totals.acceptedByTopic)) {
    const source = topic.split(".")[1] ?? topic;
    const more = count - (first.totals.acceptedByTopic[topic] ?? 0);
    rates[source] = (rates[source] ?? 0) + (more * 1_000) / (last.atMs - first.atMs);
  }
  return rates;
}

/** The percentile of the last minute as an upper bound in milliseconds; `null` if nothing was measured. */
export function percentileOf(ticks: readonly FlowTick[], of: "freshness" | "queryMs", share: number): number | null {
  const [first, last] = [since(ticks, PERCENTILE_MS), ticks.at(-1)];
  if (!first || !last) return null;
  const more = bucketsBetween(first.totals[of], last.totals[of]);
  const total = more.reduce((sum, [, count]) => sum + count, 0);
  let seen = 0;
  for (const [bound, count] of more) {
    seen += count;
    if (count > 0 && seen >= total * share) return bound;
  }
  return null;
}

/** The counts that were added between two ticks, by bound, lowest first. */
const bucketsBetween = (before: Counts, after: Counts): (readonly [bound: number, count: number])[] =>
  Object.entries(after)
    .filter(([bound]) => bound !== "sum")
    .map(
      ([bound, count = 0]) =>
        [bound === "+Inf" ? Number.POSITIVE_INFINITY : Number(bound), count - (before[bound] ?? 0)] as const,
    )
    .sort(([a], [b]) => a - b);

/** The sum of the figures' rates per second between each tick and the one before it. */
export function seriesOf(ticks: readonly FlowTick[], ...figures: readonly Figure[]): RatePoint[] {
  const sumOf = ({ totals }: FlowTick) => figures.reduce((sum, figure) => sum + totals[figure], 0);
  return ticks.slice(1).map((tick, i) => {
    const before = ticks[i] as FlowTick;
    return [tick.atMs, ((sumOf(tick) - sumOf(before)) * 1_000) / (tick.atMs - before.atMs)] as const;
  });
}
