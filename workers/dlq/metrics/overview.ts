import { CONTRACTS } from "../../../src/shared/contracts/index.ts";
import { topicPartsOf } from "../../../src/shared/contracts/topic.ts";
import { SOURCES } from "../../../src/shared/domain/event.ts";
import { flowStateOf, type Rhythm, sourceStateOf } from "../../../src/shared/telemetry/flow-state.ts";
import {
  addCounts,
  type Counts,
  freshnessIn,
  type MetricsTotals,
  splitKey,
} from "../../../src/shared/telemetry/metrics.ts";
import {
  budgetLeftOf,
  burnOf,
  FRESHNESS_OBJECTIVE,
  objectiveStateOf,
  shareOf,
  type Window,
} from "../../../src/shared/telemetry/objective.ts";
import type { TopicOverview, TopicsOverview } from "../../../src/shared/telemetry/overview.ts";
import {
  bucketsIn,
  figureOf,
  HOUR_MS,
  MINUTE_MS,
  MINUTES,
  type SlotFigure,
  type Span,
  type TopicTimes,
} from "./slots.ts";

/** Every topic that has a contract, and every source, as they stand. */
export function topicsOverviewOf(totals: MetricsTotals, times: TopicTimes, nowMs: number): TopicsOverview {
  const known = CONTRACTS.map(({ topic }) => topic);
  const names = [...known, ...Object.keys(totals.accepted).filter((topic) => !known.includes(topic))];
  const topics = names.map((topic) => overview({ name: topic, topics: [topic], totals, times, nowMs }));
  return {
    atMs: nowMs,
    objective: FRESHNESS_OBJECTIVE,
    sources: SOURCES.map((source) => {
      const own = topics.filter(({ name }) => topicPartsOf(name)?.source === source);
      const all = overview({ name: source, topics: own.map(({ name }) => name), totals, times, nowMs });
      return { ...all, state: sourceStateOf(own.map(({ state }) => state)) };
    }),
    topics,
  };
}

type Subject = {
  readonly name: string;
  readonly topics: readonly string[];
  readonly totals: MetricsTotals;
  readonly times: TopicTimes;
  readonly nowMs: number;
};

function overview(subject: Subject): TopicOverview {
  const { name, topics, totals, times, nowMs } = subject;
  const count = (span: Span, figure: SlotFigure) =>
    topics.reduce((sum, topic) => sum + figureOf(times.spans[span][topic], figure), 0);
  const window = (span: Span): Window => ({ visible: count(span, "visible"), inTime: count(span, "inTime") });
  const inFlight = Math.max(0, count("1h", "entered") - count("1h", "settled"));
  const received = topics.flatMap((topic) => times.lastReceivedMs[topic] ?? []);
  const lastReceivedAtMs = received.length > 0 ? Math.max(...received) : null;
  const buckets = topics.map((topic) => bucketsIn(times.spans["1h"][topic])).reduce(addCounts, {});
  const { p50Ms, p99Ms } = freshnessIn(buckets);
  return {
    name,
    state: flowStateOf({
      nowMs,
      lastReceivedAtMs,
      rhythm: rhythmOf(subject),
      waiting: inFlight,
      receivedLately: count("1m", "entered"),
      hasSettledLately: count("1m", "settled") > 0,
      settled: count("5m", "settled"),
      deadLettered: count("5m", "deadLettered"),
    }),
    lastReceivedAtMs,
    received: count("1h", "received"),
    deadLettered: count("1h", "deadLettered"),
    inFlight,
    receivedPerMinute: perMinuteOf(subject),
    p50Ms,
    p99Ms,
    outcomes: byKind(totals.outcomes, topics),
    rejections: byKind(totals.deadLettered, topics),
    objective: {
      state: objectiveStateOf({
        last5m: window("5m"),
        last30m: window("30m"),
        last1h: window("1h"),
        last6h: window("6h"),
        last30d: window("30d"),
      }),
      share1h: shareOf(window("1h")),
      share30d: shareOf(window("30d")),
      burn5m: burnOf(window("5m")),
      burn1h: burnOf(window("1h")),
      burn6h: burnOf(window("6h")),
      budgetLeft: budgetLeftOf(window("30d")),
    },
  };
}

function perMinuteOf({ topics, times, nowMs }: Subject): number[] {
  const current = Math.floor(nowMs / MINUTE_MS);
  const counts = Array.from({ length: MINUTES }, () => 0);
  for (const minute of times.minutes) {
    const place = MINUTES - 1 - (current - minute.at);
    if (counts[place] === undefined) continue;
    for (const topic of topics) counts[place] += figureOf(minute.topics[topic], "received");
  }
  return counts;
}

/** How records came over the last week, by the hours in which any did. */
function rhythmOf({ topics, times, nowMs }: Subject): Rhythm {
  const hours = [...new Set(topics.flatMap((topic) => times.activeHours[topic] ?? []))].sort((a, b) => a - b);
  const [first] = hours;
  const records = topics.reduce((sum, topic) => sum + (times.receivedLastWeek[topic] ?? 0), 0);
  const gaps = hours.slice(1).map((hour, i) => hour - (hours[i] as number) - 1);
  return {
    records,
    spanMs: first === undefined ? 0 : nowMs - first * HOUR_MS,
    longestGapMs: Math.max(0, ...gaps) * HOUR_MS,
  };
}

function byKind(counts: Counts, topics: readonly string[]): Counts {
  const kinds: Record<string, number> = {};
  for (const [key, count = 0] of Object.entries(counts)) {
    const [topic, kind] = splitKey(key);
    if (topics.includes(topic)) kinds[kind] = (kinds[kind] ?? 0) + count;
  }
  return kinds;
}
