import { INSTRUMENTS, type InstrumentName, TIME_BOUNDS_MS } from "./instruments.ts";

export type Counts<K extends string = string> = Readonly<Partial<Record<K, number>>>;

/**
 * What a Worker tells of a request or a batch. Of an instrument with labels the key is their values, with a space
 * between; of a histogram, the upper bound of the bucket stands behind them, or `sum` with what all values add up to.
 * Counts only, so that reports simply add up.
 */
export type MetricsReport = { readonly [K in InstrumentName]?: Reported<(typeof INSTRUMENTS)[K]> } & {
  /** What the queue said of itself last. */
  readonly backlog?: Backlog;
};

type Reported<I> = I extends { readonly kind: "counter"; readonly labels: readonly [] } ? number : Counts;

/** Messages that wait in `concord-events`, by the platform's own count. */
export type Backlog = { readonly messages: number; readonly bytes: number; readonly atMs: number };

/** All reports added up. */
export type MetricsTotals = Required<Omit<MetricsReport, "backlog">> & Pick<MetricsReport, "backlog">;

const isPlainCounter = (name: InstrumentName): boolean => {
  const { kind, labels } = INSTRUMENTS[name];
  return kind === "counter" && labels.length === 0;
};

export const INSTRUMENT_NAMES = Object.keys(INSTRUMENTS) as InstrumentName[];

export const NO_TOTALS = Object.fromEntries(
  INSTRUMENT_NAMES.map((name) => [name, isPlainCounter(name) ? 0 : {}]),
) as MetricsTotals;

/** Two reports as one. What only one of them has stays as it is: totals are long, and reports are short and many. */
export function addReports(a: MetricsReport, b: MetricsReport): MetricsReport {
  const sums: Record<string, unknown> = { ...a };
  for (const name of Object.keys(b) as (keyof MetricsReport)[]) {
    if (a[name] === undefined) sums[name] = b[name];
    else if (name === "backlog") sums.backlog = laterOf(a.backlog, b.backlog);
    else if (b[name] !== undefined) sums[name] = sumOf(a[name] as Sum, b[name] as Sum);
  }
  return sums;
}

type Sum = number | Counts | undefined;

function sumOf(a: Sum, b: Sum): Sum {
  if (typeof a === "number" || typeof b === "number") return Number(a ?? 0) + Number(b ?? 0);
  return addCounts(a ?? {}, b ?? {});
}

/** Keys are names that others chose, and every object seems to have a `constructor` and a `__proto__`. */
export function addCounts(a: Counts, b: Counts): Counts {
  const sums: Record<string, number> = { ...(a as Record<string, number>) };
  for (const [key, count = 0] of Object.entries(b)) {
    const value = (Object.hasOwn(sums, key) ? (sums[key] as number) : 0) + count;
    if (key === "__proto__") Object.defineProperty(sums, key, { value, enumerable: true, configurable: true });
    else sums[key] = value;
  }
  return sums;
}

function laterOf(a: Backlog | undefined, b: Backlog | undefined): Backlog | undefined {
  if (!a || !b) return a ?? b;
  return a.atMs > b.atMs ? a : b;
}

/** What a Worker needs of the metrics. */
export interface MetricsSink {
  report(report: MetricsReport): Promise<void>;
}

/** What a Worker that tells of the metrics needs. */
export interface MetricsSource {
  /** All reports added up. */
  read(): Promise<MetricsTotals>;
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

type HistogramName = {
  [K in InstrumentName]: (typeof INSTRUMENTS)[K]["kind"] extends "histogram" ? K : never;
}[InstrumentName];

/** Counts values into a histogram's buckets; each stands in one bucket only. */
export class Distribution {
  readonly #bounds: readonly number[];
  readonly #tally = new Tally();

  constructor(name: HistogramName) {
    this.#bounds = INSTRUMENTS[name].bounds;
  }

  /** @param labels in the instrument's order. A clock that was put back makes no negative time. */
  add(value: number, ...labels: readonly string[]): this {
    const measured = Math.max(0, value);
    const bound = this.#bounds.find((each) => measured <= each) ?? "+Inf";
    this.#tally.add([...labels, bound].join(" "));
    this.#tally.add([...labels, "sum"].join(" "), measured);
    return this;
  }

  toCounts(): Counts {
    return this.#tally.toCounts();
  }
}

/**
 * A label's value for a key: what clients choose may hold anything and be of any length. Topics may keep their spaces,
 * since they stand first, and are known or `other` before they are kept.
 */
export const labelValueOf = (text: string | undefined): string => text?.replace(/\s+/g, "_").slice(0, 80) || "none";

/** "topic outcome" → both. The topic stands first, and a client's topic may hold spaces. */
export function splitKey<Kind extends string>(key: string): [rest: string, kind: Kind] {
  const at = key.lastIndexOf(" ");
  return [key.slice(0, Math.max(at, 0)), key.slice(at + 1) as Kind];
}

/** The buckets of a histogram whose labels are these, or of all of it: counts by bound, and `sum`. */
export function bucketsOf(counts: Counts, labels?: string): Counts {
  const buckets: Record<string, number> = {};
  for (const [key, count = 0] of Object.entries(counts)) {
    const [rest, bound] = splitKey(key);
    if (labels === undefined || rest === labels) buckets[bound] = (buckets[bound] ?? 0) + count;
  }
  return buckets;
}

/** How long records took from accepted to visible, over all that were counted. */
export type Freshness = {
  readonly settled: number;
  /** Upper bounds, in milliseconds: `null` before the first record, and where the last bound was not enough. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
};

export const freshnessOf = ({ receivedToVisibleMs = {} }: Pick<MetricsReport, "receivedToVisibleMs">): Freshness =>
  freshnessIn(bucketsOf(receivedToVisibleMs));

/** @param buckets of times up to a minute, by bound */
export function freshnessIn(buckets: Counts): Freshness {
  const settled = countIn(buckets);
  const boundOf = (part: number) => (settled === 0 ? null : boundOfPart(buckets, settled * part));
  return { settled, p50Ms: boundOf(0.5), p99Ms: boundOf(0.99) };
}

/** How many values a histogram's buckets hold. */
export const countIn = ({ sum: _, ...buckets }: Counts): number =>
  Object.values(buckets).reduce<number>((total, count = 0) => total + count, 0);

/** The upper bound of the bucket that holds the record at this place, from the fastest on. */
function boundOfPart(buckets: Counts, place: number): number | null {
  let seen = 0;
  for (const bound of TIME_BOUNDS_MS) {
    seen += buckets[bound] ?? 0;
    if (seen >= place) return bound;
  }
  return null;
}
