import { INSTRUMENTS, type InstrumentName, TIME_BOUNDS_MS } from "./instruments.ts";

export type Counts<K extends string = string> = Readonly<Partial<Record<K, number>>>;

/**
 * What a Worker reports of a request or a batch. A key is the values of an instrument's labels, with a space between
 * them. For a histogram, the upper bound of the bucket follows them, or `sum` with the sum of all values. Counts only,
 * so that reports can be added up.
 */
export type MetricsReport = { readonly [K in InstrumentName]?: Reported<(typeof INSTRUMENTS)[K]> } & {
  /** The queue's last answer about its own backlog. */
  readonly backlog?: Backlog;
};

type Reported<I> = I extends { readonly kind: "counter"; readonly labels: readonly [] } ? number : Counts;

/** Messages that wait in `concord-events`, as counted by the platform. */
export type Backlog = { readonly messages: number; readonly bytes: number; readonly atMs: number };

/** All reports, added up. */
export type MetricsTotals = Required<Omit<MetricsReport, "backlog">> & Pick<MetricsReport, "backlog">;

const isPlainCounter = (name: InstrumentName): boolean => {
  const { kind, labels } = INSTRUMENTS[name];
  return kind === "counter" && labels.length === 0;
};

export const INSTRUMENT_NAMES = Object.keys(INSTRUMENTS) as InstrumentName[];

export const NO_TOTALS = Object.fromEntries(
  INSTRUMENT_NAMES.map((name) => [name, isPlainCounter(name) ? 0 : {}]),
) as MetricsTotals;

/**
 * The sum of two reports. An entry that only one of them has is reused, not copied: totals are long, and reports are
 * short and many.
 */
export function addReports(a: MetricsReport, b: MetricsReport): MetricsReport {
  const sums: Record<string, unknown> = { ...a };
  for (const name of Object.keys(b) as (keyof MetricsReport)[]) {
    if (a[name] === undefined) sums[name] = b[name];
    else if (name === "backlog") sums.backlog = laterBacklog(a.backlog, b.backlog);
    else if (b[name] !== undefined) sums[name] = addSums(a[name] as Sum, b[name] as Sum);
  }
  return sums;
}

type Sum = number | Counts | undefined;

function addSums(a: Sum, b: Sum): Sum {
  if (typeof a === "number" || typeof b === "number") return Number(a ?? 0) + Number(b ?? 0);
  return addCounts(a ?? {}, b ?? {});
}

/** Keys are names that others choose, and every object inherits `constructor` and `__proto__`. */
export function addCounts(a: Counts, b: Counts): Counts {
  const sums: Record<string, number> = { ...(a as Record<string, number>) };
  for (const [key, count = 0] of Object.entries(b)) {
    const value = (Object.hasOwn(sums, key) ? (sums[key] as number) : 0) + count;
    if (key === "__proto__") Object.defineProperty(sums, key, { value, enumerable: true, configurable: true });
    else sums[key] = value;
  }
  return sums;
}

function laterBacklog(a: Backlog | undefined, b: Backlog | undefined): Backlog | undefined {
  if (!a || !b) return a ?? b;
  return a.atMs > b.atMs ? a : b;
}

/** What a Worker needs to report metrics. */
export interface MetricsSink {
  report(report: MetricsReport): Promise<void>;
}

/** What a Worker needs to read the metrics. */
export interface MetricsSource {
  /** All reports, added up. */
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

/** Counts values into a histogram's buckets; each value is in one bucket only. */
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
 * A label's value as a key may have it: text from clients may hold anything and be of any length. Topics may keep their
 * spaces, since they come first, and are known or `other` before they are kept.
 */
export const toLabelValue = (text: string | undefined): string => text?.replace(/\s+/g, "_").slice(0, 80) || "none";

/** The label values of a key. Only the first may contain spaces. */
export function partsOf(key: string, count: number): string[] {
  const words = key.split(" ");
  const rest = count > 1 ? words.slice(-(count - 1)) : [];
  return [words.slice(0, words.length - rest.length).join(" "), ...rest];
}

/** "topic outcome" → both. The topic comes first, and a client's topic may contain spaces. */
export function splitKey<Kind extends string>(key: string): [rest: string, kind: Kind] {
  const at = key.lastIndexOf(" ");
  return [key.slice(0, Math.max(at, 0)), key.slice(at + 1) as Kind];
}

/** The buckets of a histogram with these labels, or of all its labels: counts by bound, and `sum`. */
export function toBuckets(counts: Counts, labels?: string): Counts {
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
  /** Upper bounds, in milliseconds: `null` before the first record, and if the value is above the last bound. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
};

export const readFreshness = ({ receivedToVisibleMs = {} }: Pick<MetricsReport, "receivedToVisibleMs">): Freshness =>
  toFreshness(toBuckets(receivedToVisibleMs));

/** @param buckets of times up to a minute, by bound */
export function toFreshness(buckets: Counts): Freshness {
  const settled = countValues(buckets);
  const boundOf = (part: number) => (settled === 0 ? null : boundAt(buckets, settled * part));
  return { settled, p50Ms: boundOf(0.5), p99Ms: boundOf(0.99) };
}

/** The number of values in a histogram's buckets. */
export const countValues = ({ sum: _, ...buckets }: Counts): number =>
  Object.values(buckets).reduce<number>((total, count = 0) => total + count, 0);

/** The upper bound of the bucket with the record of this rank, counted from the fastest. */
function boundAt(buckets: Counts, place: number): number | null {
  let seen = 0;
  for (const bound of TIME_BOUNDS_MS) {
    seen += buckets[bound] ?? 0;
    if (seen >= place) return bound;
  }
  return null;
}
