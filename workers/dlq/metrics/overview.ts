import { CONTRACTS } from "#contracts/index.ts";
import { parseTopic } from "#contracts/topic.ts";
import { SOURCES } from "#domain/event.ts";
import { HOUR_MS, MINUTE_MS } from "#domain/time.ts";
import { type Rhythm, toFlowState, toSourceState } from "#telemetry/flow-state.ts";
import { addCounts, type Counts, type MetricsTotals, splitKey, toFreshness } from "#telemetry/metrics.ts";
import {
  budgetLeft,
  burnRate,
  FRESHNESS_OBJECTIVE,
  shareInTime,
  toObjectiveState,
  type Window,
} from "#telemetry/objective.ts";
import type { TopicOverview, TopicsOverview } from "#telemetry/overview.ts";
import { bucketsIn, figureOf, MINUTES, type SlotFigure, type Span, type TopicTimes } from "#telemetry/topic-times.ts";

/** The state, rates and latency of every source and of every topic that has a contract or has had records. */
export function toTopicsOverview(totals: MetricsTotals, times: TopicTimes, nowMs: number): TopicsOverview {
  const known = CONTRACTS.map(({ topic }) => topic);
  const names = [...known, ...Object.keys(totals.accepted).filter((topic) => !known.includes(topic))];
  const topics = names.map((topic) => overview({ name: topic, topics: [topic], totals, times, nowMs }));
  return {
    atMs: nowMs,
    objective: FRESHNESS_OBJECTIVE,
    sources: SOURCES.map((source) => {
      const own = topics.filter(({ name }) => parseTopic(name)?.source === source);
      const all = overview({ name: source, topics: own.map(({ name }) => name), totals, times, nowMs });
      return { ...all, state: toSourceState(own.map(({ state }) => state)) };
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
  const { p50Ms, p99Ms } = toFreshness(buckets);
  return {
    name,
    state: toFlowState({
      nowMs,
      lastReceivedAtMs,
      rhythm: toRhythm(subject),
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
    receivedPerMinute: countPerMinute(subject),
    p50Ms,
    p99Ms,
    outcomes: byKind(totals.outcomes, topics),
    rejections: byKind(totals.deadLettered, topics),
    objective: {
      state: toObjectiveState({
        last5m: window("5m"),
        last30m: window("30m"),
        last1h: window("1h"),
        last6h: window("6h"),
        last30d: window("30d"),
      }),
      share1h: shareInTime(window("1h")),
      share30d: shareInTime(window("30d")),
      burn5m: burnRate(window("5m")),
      burn1h: burnRate(window("1h")),
      burn6h: burnRate(window("6h")),
      budgetLeft: budgetLeft(window("30d")),
    },
  };
}

function countPerMinute({ topics, times, nowMs }: Subject): number[] {
  const current = Math.floor(nowMs / MINUTE_MS);
  const counts = Array.from({ length: MINUTES }, () => 0);
  for (const minute of times.minutes) {
    const place = MINUTES - 1 - (current - minute.at);
    if (counts[place] === undefined) continue;
    for (const topic of topics) counts[place] += figureOf(minute.topics[topic], "received");
  }
  return counts;
}

/** How regularly records were received over the last week, from the hours that had any. */
function toRhythm({ topics, times, nowMs }: Subject): Rhythm {
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
