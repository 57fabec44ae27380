import type { RejectionReason } from "../contracts/parse.ts";
import type { MergeOutcome } from "../domain/outcome.ts";

/** What a Worker tells the metrics object after a request or a batch. Counts only, so that reports simply add up. */
export type MetricsReport = {
  /** Records that ingest took from a client, by topic. Each ends in exactly one outcome or dead letter. */
  readonly accepted?: Counts;
  /** How merged records ended, by `topic outcome`. */
  readonly outcomes?: Counts<`${string} ${MergeOutcome}`>;
  /** Records that became dead letters, by `topic reason`. */
  readonly deadLettered?: Counts<`${string} ${RejectionReason | "fault" | "crash"}`>;
  /** Records sent back to the queue after a fault, by topic. */
  readonly retried?: Counts;
  /** Dead letters sent back to the consumer, by topic. Each ends once more, beside the records accepted. */
  readonly replayed?: Counts;
  readonly batches?: number;
  readonly d1RowsRead?: number;
  readonly d1RowsWritten?: number;
  /** Calls of device objects and dealers' feeds. */
  readonly objectCalls?: number;
  readonly objectWrites?: number;
  /** Milliseconds from accepted to settled, as bucket counts by upper bound, each record in one bucket. */
  readonly settleMs?: Counts;
  /** The same milliseconds added up. */
  readonly settleMsSum?: number;
};

/** Two reports as one. */
export function addReports(a: MetricsReport, b: MetricsReport): MetricsReport {
  const names = new Set([...Object.keys(a), ...Object.keys(b)] as (keyof MetricsReport)[]);
  return Object.fromEntries([...names].map((name) => [name, sumOf(a[name], b[name])]));
}

function sumOf(a: number | Counts | undefined, b: number | Counts | undefined): number | Counts {
  if (typeof a === "number" || typeof b === "number") return Number(a ?? 0) + Number(b ?? 0);
  const sums: Record<string, number> = { ...(a as Record<string, number> | undefined) };
  for (const [key, count = 0] of Object.entries(b ?? {})) sums[key] = (sums[key] ?? 0) + count;
  return sums;
}

/** The one metrics object that all Workers report to, by name. */
export const METRICS_OBJECT_NAME = "metrics";

export type Counts<K extends string = string> = Readonly<Partial<Record<K, number>>>;

/** What a Worker needs of the metrics object. */
export interface MetricsSink {
  report(report: MetricsReport): Promise<void>;
}

/** What a Worker that tells of the metrics needs of that object. */
export interface MetricsSource {
  /** All reports added up. */
  read(): Promise<Required<MetricsReport>>;
}

export class Tally<K extends string = string> {
  readonly #counts = new Map<K, number>();

  add(key: K, count = 1): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + count);
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  toCounts(): Counts<K> {
    return Object.fromEntries(this.#counts) as Counts<K>;
  }
}

/** Upper bounds of the settle-time histogram, in milliseconds; a last bucket without a bound is `+Inf`. */
export const SETTLE_BUCKETS_MS = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 60_000] as const;

/** Counts times into the histogram's buckets; each time stands in one bucket only. */
export class SettleTimes {
  readonly #tally = new Tally();
  #sumMs = 0;

  get sumMs(): number {
    return this.#sumMs;
  }

  add(ms: number): void {
    this.#sumMs += ms;
    this.#tally.add(String(SETTLE_BUCKETS_MS.find((bound) => ms <= bound) ?? "+Inf"));
  }

  toCounts(): Counts {
    return this.#tally.toCounts();
  }
}

/** How long records took from accepted to settled, over all that were counted. */
export type Freshness = {
  readonly settled: number;
  /** Upper bounds, in milliseconds: `null` before the first record, and where a minute was not enough. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
};

export function freshnessOf({ settleMs }: Pick<MetricsReport, "settleMs">): Freshness {
  const settled = Object.values(settleMs ?? {}).reduce<number>((sum, count = 0) => sum + count, 0);
  const boundOf = (part: number) => (settled === 0 ? null : boundOfPart(settleMs ?? {}, settled * part));
  return { settled, p50Ms: boundOf(0.5), p99Ms: boundOf(0.99) };
}

/** The upper bound of the bucket that holds the record at this place, from the fastest on. */
function boundOfPart(counts: Counts, place: number): number | null {
  let seen = 0;
  for (const bound of SETTLE_BUCKETS_MS) {
    seen += counts[bound] ?? 0;
    if (seen >= place) return bound;
  }
  return null;
}
