import { TIME_BOUNDS_MS } from "../../../src/shared/telemetry/instruments.ts";
import { type Counts, type MetricsReport, splitKey } from "../../../src/shared/telemetry/metrics.ts";
import { FRESHNESS_OBJECTIVE } from "../../../src/shared/telemetry/objective.ts";

/** What happened to a topic's records in some span of time: few numbers, for there are many spans. */
export const SLOT_FIGURES = ["received", "entered", "settled", "visible", "inTime", "deadLettered"] as const;
export type SlotFigure = (typeof SLOT_FIGURES)[number];

/**
 * In the order of `SLOT_FIGURES`. `entered` is what was accepted or replayed. Behind them, of a minute, the records that
 * became visible by how long that took, in the order of `BUCKETS`.
 */
export type TopicSlot = readonly number[];
export type TopicSlots = Readonly<Record<string, TopicSlot>>;

/** Upper bounds in milliseconds, as the histogram of freshness has them. */
const BUCKETS: readonly string[] = [...TIME_BOUNDS_MS.map(String), "+Inf"];

/** A minute or an hour, counted from 1970, and the topics of which anything was heard in it. */
export type Slot = { readonly at: number; readonly topics: TopicSlots };

/** The last hour by minutes, and 30 days by hours: those that are over, and of which the minutes may be gone. */
export type Slots = { readonly minutes: readonly Slot[]; readonly hours: readonly Slot[] };

export const NO_SLOTS: Slots = { minutes: [], hours: [] };

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const MINUTES = 60;
export const HOURS = 30 * 24;

/** The part of a report that has a place in time. */
export function slotOf(report: MetricsReport): TopicSlots {
  const topics: Record<string, number[]> = {};
  const addAt = (topic: string, at: number, count: number) => {
    const slot = topics[topic] ?? SLOT_FIGURES.map(() => 0);
    while (slot.length <= at) slot.push(0);
    slot[at] = (slot[at] ?? 0) + count;
    topics[topic] = slot;
  };
  const add = (topic: string, figure: SlotFigure, count: number) => addAt(topic, SLOT_FIGURES.indexOf(figure), count);
  const each = (counts: Counts = {}, visit: (key: string, count: number) => void) => {
    for (const [key, count = 0] of Object.entries(counts)) visit(key, count);
  };
  each(report.accepted, (topic, count) => {
    add(topic, "received", count);
    add(topic, "entered", count);
  });
  each(report.replayed, (topic, count) => add(topic, "entered", count));
  each(report.outcomes, (key, count) => add(splitKey(key)[0], "settled", count));
  each(report.deadLettered, (key, count) => {
    add(splitKey(key)[0], "settled", count);
    add(splitKey(key)[0], "deadLettered", count);
  });
  each(report.receivedToVisibleMs, (key, count) => {
    const [topic, bound] = splitKey(key);
    if (!BUCKETS.includes(bound)) return;
    add(topic, "visible", count);
    addAt(topic, SLOT_FIGURES.length + BUCKETS.indexOf(bound), count);
    if (Number(bound) <= FRESHNESS_OBJECTIVE.withinMs) add(topic, "inTime", count);
  });
  return topics;
}

export const figureOf = (slot: TopicSlot | undefined, figure: SlotFigure): number =>
  slot?.[SLOT_FIGURES.indexOf(figure)] ?? 0;

/** The records of a span that became visible, by how long that took: counts by upper bound. */
export const bucketsIn = (slot: TopicSlot | undefined): Counts =>
  Object.fromEntries(BUCKETS.map((bound, i) => [bound, slot?.[SLOT_FIGURES.length + i] ?? 0]));

const hourOf = ({ at }: Slot): number => Math.floor(at / MINUTES);

/** Adds a minute that is over. It comes after those before it; one that a clock put back has brought joins the last. */
export function addMinute({ minutes, hours }: Slots, minute: Slot): Slots {
  const last = minutes.at(-1);
  if (last && minute.at <= last.at) {
    return { minutes: [...minutes.slice(0, -1), { at: last.at, topics: sumOf(last.topics, minute.topics) }], hours };
  }
  const closed = closeHours(minutes, hours, hourOf(minute));
  return {
    minutes: [...minutes, minute].filter(({ at }) => at > minute.at - MINUTES),
    hours: closed,
  };
}

/** The same list where no hour has come to its end. */
function closeHours(minutes: readonly Slot[], hours: readonly Slot[], current: number): readonly Slot[] {
  const over = Map.groupBy(openMinutes({ minutes, hours }), hourOf);
  over.delete(current);
  if (over.size === 0) return hours;
  const closed = [...over].map(([at, slots]) => ({ at, topics: figuresOf(totalOf(slots)) }));
  return [...hours, ...closed].filter(({ at }) => at > current - HOURS);
}

/** Those that are not in an hour yet. */
const openMinutes = ({ minutes, hours }: Slots): readonly Slot[] => {
  const closed = hours.at(-1)?.at ?? -1;
  return minutes.filter((minute) => hourOf(minute) > closed);
};

export function sumOf(a: TopicSlots, b: TopicSlots): TopicSlots {
  const sums: Record<string, TopicSlot> = { ...a };
  for (const [topic, slot] of Object.entries(b)) {
    const other = sums[topic] ?? [];
    const [long, short] = slot.length >= other.length ? [slot, other] : [other, slot];
    sums[topic] = long.map((count, i) => count + (short[i] ?? 0));
  }
  return sums;
}

/** Hours are many, and so are kept without what only minutes have. */
const figuresOf = (topics: TopicSlots): TopicSlots =>
  Object.fromEntries(Object.entries(topics).map(([topic, slot]) => [topic, slot.slice(0, SLOT_FIGURES.length)]));

const totalOf = (slots: readonly Slot[]): TopicSlots => slots.map(({ topics }) => topics).reduce(sumOf, {});

/** The spans that something is said of, in minutes up to an hour and in hours beyond. */
export const SPANS = {
  "1m": { minutes: 2 },
  "5m": { minutes: 5 },
  "30m": { minutes: 30 },
  "1h": { minutes: 60 },
  "6h": { hours: 6 },
  "30d": { hours: HOURS },
} as const;
export type Span = keyof typeof SPANS;

const WEEK_HOURS = 7 * 24;

/** What one object, or all together, know of topics over time. */
export type TopicTimes = {
  readonly minutes: readonly Slot[];
  readonly spans: Readonly<Record<Span, TopicSlots>>;
  /** The hours of the last week in which anything was received. */
  readonly activeHours: Readonly<Record<string, readonly number[]>>;
  readonly receivedLastWeek: Readonly<Record<string, number>>;
  readonly lastReceivedMs: Readonly<Record<string, number>>;
};

/** @param slots with the current minute as the last */
export function timesOf(slots: Slots, nowMs: number, lastReceivedMs: TopicTimes["lastReceivedMs"]): TopicTimes {
  const minute = Math.floor(nowMs / MINUTE_MS);
  const hour = Math.floor(nowMs / HOUR_MS);
  const hours = hoursOf(slots);
  const minutes = slots.minutes.filter(({ at }) => at > minute - MINUTES);
  const spanOf = (span: (typeof SPANS)[Span]): TopicSlots =>
    "minutes" in span
      ? totalOf(minutes.filter(({ at }) => at > minute - span.minutes))
      : totalOf(hours.filter(({ at }) => at > hour - span.hours));
  const week = hours.filter(({ at }) => at > hour - WEEK_HOURS);
  return {
    minutes,
    spans: Object.fromEntries(Object.entries(SPANS).map(([name, span]) => [name, spanOf(span)])) as TopicTimes["spans"],
    activeHours: activeHoursOf(week),
    receivedLastWeek: Object.fromEntries(
      Object.entries(totalOf(week)).map(([topic, slot]) => [topic, figureOf(slot, "received")]),
    ),
    lastReceivedMs,
  };
}

/** Those that are over, and the one that is not. */
export const hoursOf = (slots: Slots): Slot[] => [
  ...slots.hours,
  ...[...Map.groupBy(openMinutes(slots), hourOf)].map(([at, each]) => ({ at, topics: figuresOf(totalOf(each)) })),
];

function activeHoursOf(hours: readonly Slot[]): Record<string, number[]> {
  const active: Record<string, number[]> = {};
  for (const { at, topics } of hours) {
    for (const [topic, slot] of Object.entries(topics)) {
      if (figureOf(slot, "received") === 0) continue;
      active[topic] ??= [];
      active[topic].push(at);
    }
  }
  return active;
}

/** What several objects know, as if one had been told it all. */
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
