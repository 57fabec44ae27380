import { HOUR_MS, MINUTE_MS } from "#domain/time.ts";
import { livePart } from "#telemetry/live-part.ts";
import { type Counts, type MetricsReport, splitKey } from "#telemetry/metrics.ts";
import { FRESHNESS_OBJECTIVE } from "#telemetry/objective.ts";
import {
  BUCKETS,
  figureOf,
  HOURS,
  MINUTES,
  SLOT_FIGURES,
  type Slot,
  type SlotFigure,
  SPANS,
  type Span,
  sumOf,
  type TopicSlots,
  type TopicTimes,
  totalOf,
} from "#telemetry/topic-times.ts";

/** The last hour by minutes, and the last 30 days by past hours, whose minutes may have been dropped. */
export type Slots = { readonly minutes: readonly Slot[]; readonly hours: readonly Slot[] };

export const NO_SLOTS: Slots = { minutes: [], hours: [] };

/** The counts of a report that are kept by minute and topic: those of live records. */
export function toTopicSlots(report: MetricsReport): TopicSlots {
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
  const live = livePart(report);
  each(live.accepted, (topic, count) => {
    add(topic, "received", count);
    add(topic, "entered", count);
  });
  each(report.replayed, (topic, count) => add(topic, "entered", count));
  each(live.outcomes, (key, count) => add(splitKey(key)[0], "settled", count));
  each(live.deadLettered, (key, count) => {
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

const hourOf = ({ at }: Slot): number => Math.floor(at / MINUTES);

/** Appends a past minute. If the clock was set back, so that it is not newer than the last one, it is added to that. */
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

/** Adds the hours that have ended, each the sum of its minutes. Returns the same list if none has. */
function closeHours(minutes: readonly Slot[], hours: readonly Slot[], current: number): readonly Slot[] {
  const over = Map.groupBy(openMinutes({ minutes, hours }), hourOf);
  over.delete(current);
  if (over.size === 0) return hours;
  const closed = [...over].map(([at, slots]) => ({ at, topics: withoutBuckets(totalOf(slots)) }));
  return [...hours, ...closed].filter(({ at }) => at > current - HOURS);
}

/** Minutes whose hour is not in `hours` yet. */
const openMinutes = ({ minutes, hours }: Slots): readonly Slot[] => {
  const closed = hours.at(-1)?.at ?? -1;
  return minutes.filter((minute) => hourOf(minute) > closed);
};

/** Hours are kept without latency buckets, since there are many of them. */
const withoutBuckets = (topics: TopicSlots): TopicSlots =>
  Object.fromEntries(Object.entries(topics).map(([topic, slot]) => [topic, slot.slice(0, SLOT_FIGURES.length)]));

const WEEK_HOURS = 7 * 24;

/**
 * What is known of each topic over time: its counts by span, its active hours, its last record.
 * @param slots with the current minute as the last
 */
export function toTopicTimes(slots: Slots, nowMs: number, lastReceivedMs: TopicTimes["lastReceivedMs"]): TopicTimes {
  const minute = Math.floor(nowMs / MINUTE_MS);
  const hour = Math.floor(nowMs / HOUR_MS);
  const hours = listHours(slots);
  const minutes = slots.minutes.filter(({ at }) => at > minute - MINUTES);
  const sumSpan = (span: (typeof SPANS)[Span]): TopicSlots =>
    "minutes" in span
      ? totalOf(minutes.filter(({ at }) => at > minute - span.minutes))
      : totalOf(hours.filter(({ at }) => at > hour - span.hours));
  const week = hours.filter(({ at }) => at > hour - WEEK_HOURS);
  return {
    minutes,
    spans: Object.fromEntries(
      Object.entries(SPANS).map(([name, span]) => [name, sumSpan(span)]),
    ) as TopicTimes["spans"],
    activeHours: findActiveHours(week),
    receivedLastWeek: Object.fromEntries(
      Object.entries(totalOf(week)).map(([topic, slot]) => [topic, figureOf(slot, "received")]),
    ),
    lastReceivedMs,
  };
}

/** The past hours, and the current one as far as it has gone. */
export const listHours = (slots: Slots): Slot[] => [
  ...slots.hours,
  ...[...Map.groupBy(openMinutes(slots), hourOf)].map(([at, each]) => ({ at, topics: withoutBuckets(totalOf(each)) })),
];

function findActiveHours(hours: readonly Slot[]): Record<string, number[]> {
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
