import { TIME_BOUNDS_MS } from "./instruments.ts";
import type { Counts } from "./metrics.ts";

export const MINUTES = 60;
export const HOURS = 30 * 24;

/** The counts of a topic in one interval. They are few, since there are many intervals. */
export const SLOT_FIGURES = ["received", "entered", "settled", "visible", "inTime", "deadLettered"] as const;
export type SlotFigure = (typeof SLOT_FIGURES)[number];

/**
 * In the order of `SLOT_FIGURES`. `entered` counts what was accepted or replayed. For a minute, the counts of records
 * by time until visible follow, in the order of `BUCKETS`.
 */
export type TopicSlot = readonly number[];
export type TopicSlots = Readonly<Record<string, TopicSlot>>;

/** Upper bounds in milliseconds, those of the freshness histogram. */
export const BUCKETS: readonly string[] = [...TIME_BOUNDS_MS.map(String), "+Inf"];

/** A minute or an hour, counted from 1970, with the topics that had records in it. */
export type Slot = { readonly at: number; readonly topics: TopicSlots };

export const figureOf = (slot: TopicSlot | undefined, figure: SlotFigure): number =>
  slot?.[SLOT_FIGURES.indexOf(figure)] ?? 0;

/** The records of an interval that became visible, by how long that took: counts by upper bound. */
export const bucketsIn = (slot: TopicSlot | undefined): Counts =>
  Object.fromEntries(BUCKETS.map((bound, i) => [bound, slot?.[SLOT_FIGURES.length + i] ?? 0]));

export function sumOf(a: TopicSlots, b: TopicSlots): TopicSlots {
  const sums: Record<string, TopicSlot> = { ...a };
  for (const [topic, slot] of Object.entries(b)) {
    const other = sums[topic] ?? [];
    const [long, short] = slot.length >= other.length ? [slot, other] : [other, slot];
    sums[topic] = long.map((count, i) => count + (short[i] ?? 0));
  }
  return sums;
}

export const totalOf = (slots: readonly Slot[]): TopicSlots => slots.map(({ topics }) => topics).reduce(sumOf, {});

/** The intervals with counts: minutes up to an hour, and hours beyond. */
export const SPANS = {
  "1m": { minutes: 2 },
  "5m": { minutes: 5 },
  "30m": { minutes: 30 },
  "1h": { minutes: 60 },
  "6h": { hours: 6 },
  "30d": { hours: HOURS },
} as const;
export type Span = keyof typeof SPANS;

/** What one object, or all together, counted of topics over time. */
export type TopicTimes = {
  readonly minutes: readonly Slot[];
  readonly spans: Readonly<Record<Span, TopicSlots>>;
  /** The hours of the last week in which a record was accepted. */
  readonly activeHours: Readonly<Record<string, readonly number[]>>;
  readonly receivedLastWeek: Readonly<Record<string, number>>;
  readonly lastReceivedMs: Readonly<Record<string, number>>;
};

/** The sum of what several objects counted. */
export function joinTimes(a: TopicTimes, b: TopicTimes): TopicTimes {
  const minutes = Map.groupBy([...a.minutes, ...b.minutes], ({ at }) => at);
  return {
    minutes: [...minutes].map(([at, slots]) => ({ at, topics: totalOf(slots) })).sort((x, y) => x.at - y.at),
    spans: Object.fromEntries(
      Object.keys(SPANS).map((span) => [span, sumOf(a.spans[span as Span], b.spans[span as Span])]),
    ) as TopicTimes["spans"],
    activeHours: joined(a.activeHours, b.activeHours, (x, y) => [...new Set([...x, ...y])].sort((m, n) => m - n)),
    receivedLastWeek: joined(a.receivedLastWeek, b.receivedLastWeek, (x, y) => x + y),
    lastReceivedMs: joined(a.lastReceivedMs, b.lastReceivedMs, Math.max),
  };
}

function joined<T>(
  a: Readonly<Record<string, T>>,
  b: Readonly<Record<string, T>>,
  join: (x: T, y: T) => T,
): Record<string, T> {
  const all: Record<string, T> = { ...a };
  for (const [key, value] of Object.entries(b)) all[key] = Object.hasOwn(all, key) ? join(all[key] as T, value) : value;
  return all;
}
