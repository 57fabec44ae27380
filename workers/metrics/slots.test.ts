import { describe, expect, it } from "vitest";
import { HOUR_MS, MINUTE_MS } from "#domain/time.ts";
import { bucketsIn, HOURS, joinTimes, sumOf } from "#telemetry/topic-times.ts";
import { addMinute, NO_SLOTS, type Slots, toTopicSlots, toTopicTimes } from "./slots.ts";

const T = "device.elt.status.reported";
const START_MS = Date.UTC(2026, 10, 1);
const minuteAt = (ms: number) => Math.floor(ms / MINUTE_MS);

/** One record received, and visible in time, in each of these minutes. */
const filled = (minutes: readonly number[]): Slots =>
  minutes.reduce(
    (slots, minute) => addMinute(slots, { at: minuteAt(START_MS) + minute, topics: { [T]: [1, 1, 1, 1, 1, 0] } }),
    NO_SLOTS,
  );
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const receivedIn = (slots: Slots, nowMinute: number) => {
  const { spans } = toTopicTimes(slots, START_MS + nowMinute * MINUTE_MS, {});
  return Object.fromEntries(Object.entries(spans).map(([span, topics]) => [span, topics[T]?.[0] ?? 0]));
};

describe("slots", () => {
  it("are summed up over each span", () => {
    expect(receivedIn(filled(range(0, 601)), 600)).toEqual({
      "1m": 2,
      "5m": 5,
      "30m": 30,
      "1h": 60,
      // Whole hours: the current one has a single minute so far.
      "6h": 5 * 60 + 1,
      "30d": 601,
    });
  });

  it("keep the minutes of an hour when the next record comes two days later", () => {
    const slots = filled([...range(0, 60), 60 * 50]);
    expect(receivedIn(slots, 60 * 50)).toMatchObject({ "1h": 1, "30d": 61 });
    expect(slots.minutes).toHaveLength(1);
  });

  it("drop what is older than 30 days", () => {
    const slots = filled([0, ...range(0, HOURS + 30).map((hour) => hour * 60 + 5)]);
    expect(slots.hours.length).toBeLessThanOrEqual(HOURS);
    expect(receivedIn(slots, (HOURS + 29) * 60 + 5)["30d"]).toBe(HOURS);
  });

  it("list the hours in which records were received, and count those of the last week", () => {
    const { activeHours, receivedLastWeek } = toTopicTimes(filled([0, 1, 300, 301]), START_MS + 302 * MINUTE_MS, {});
    const hour = Math.floor(START_MS / HOUR_MS);
    expect(activeHours[T]).toEqual([hour, hour + 5]);
    expect(receivedLastWeek[T]).toBe(4);
  });

  it("add a minute to the last one when the clock was set back", () => {
    const slots = filled([10, 11, 3]);
    expect(slots.minutes.map(({ topics }) => topics[T]?.[0])).toEqual([1, 2]);
  });

  it("of two objects join to what one object would have had", () => {
    const nowMs = START_MS + 200 * MINUTE_MS;
    const all = range(0, 201);
    const [even, odd] = [all.filter((i) => i % 2 === 0), all.filter((i) => i % 2 === 1)];
    const one = toTopicTimes(filled(all), nowMs, { [T]: 9 });
    expect(
      joinTimes(toTopicTimes(filled(even), nowMs, { [T]: 5 }), toTopicTimes(filled(odd), nowMs, { [T]: 9 })),
    ).toEqual(one);
  });
});

it("minutes keep latency buckets, and hours do not", () => {
  const topics = toTopicSlots({ receivedToVisibleMs: { [`${T} 250`]: 3, [`${T} +Inf`]: 1, [`${T} sum`]: 9 } });
  const slots = [0, 1, 70].reduce((all, i) => addMinute(all, { at: minuteAt(START_MS) + i, topics }), NO_SLOTS);
  const { spans } = toTopicTimes(slots, START_MS + 70 * MINUTE_MS, {});
  expect(bucketsIn(spans["1h"][T])).toMatchObject({ 250: 3, "+Inf": 1 });
  expect(slots.hours.map((hour) => hour.topics[T]?.length)).toEqual([6]);
  expect(spans["30d"][T]?.[3]).toBe(12);
});

it("a shorter slot, written by an older version, is added to a longer one", () => {
  const [short, long] = [{ [T]: [1, 1] }, { [T]: [1, 1, 1] }];
  expect(sumOf(short, long)).toEqual({ [T]: [2, 2, 1] });
  expect(sumOf(long, short)).toEqual({ [T]: [2, 2, 1] });
});

it("a backfill is not in the counts of topics over time, by which freshness, rhythm and states go", () => {
  const backfill = {
    accepted: { [T]: 5, "device.elt.alert.raised": 9 },
    outcomes: { [`${T} applied`]: 3 },
    deadLettered: { [`${T} not_json`]: 2 },
    backfillAccepted: { [T]: 4, "device.elt.alert.raised": 9 },
    backfillSettled: { [`${T} applied`]: 2, [`${T} not_json`]: 2 },
  };
  const slots = toTopicSlots(backfill);
  expect(Object.keys(slots)).toEqual([T]);
  expect(slots[T]?.slice(0, 6)).toEqual([1, 1, 1, 0, 0, 0]);
});

it("the counts of a report go to its topics: a replay counts as entered and not as received", () => {
  const slot = toTopicSlots({
    accepted: { [T]: 5 },
    replayed: { [T]: 2 },
    outcomes: { [`${T} applied`]: 3 },
    deadLettered: { [`${T} not_json`]: 1 },
    receivedToVisibleMs: { [`${T} 1000`]: 2, [`${T} 2500`]: 1, [`${T} sum`]: 9 },
    handleMs: { [`${T} 5`]: 1 },
  });
  expect(slot[T]?.slice(0, 6)).toEqual([5, 7, 4, 3, 2, 1]);
  expect(bucketsIn(slot[T])).toMatchObject({ 500: 0, 1000: 2, 2500: 1, "+Inf": 0 });
});
