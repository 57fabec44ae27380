import { describe, expect, it } from "vitest";
import {
  addMinute,
  bucketsIn,
  HOUR_MS,
  HOURS,
  joinTimes,
  MINUTE_MS,
  NO_SLOTS,
  type Slots,
  slotOf,
  sumOf,
  timesOf,
} from "./slots.ts";

const T = "device.elt.status.reported";
const START_MS = Date.UTC(2026, 10, 1);
const minuteAt = (ms: number) => Math.floor(ms / MINUTE_MS);

/** A record received, and visible in time, in each of these minutes. */
const filled = (minutes: readonly number[]): Slots =>
  minutes.reduce(
    (slots, minute) => addMinute(slots, { at: minuteAt(START_MS) + minute, topics: { [T]: [1, 1, 1, 1, 1, 0] } }),
    NO_SLOTS,
  );
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const receivedIn = (slots: Slots, nowMinute: number) => {
  const { spans } = timesOf(slots, START_MS + nowMinute * MINUTE_MS, {});
  return Object.fromEntries(Object.entries(spans).map(([span, topics]) => [span, topics[T]?.[0] ?? 0]));
};

describe("slots", () => {
  it("sum up what lies within each span", () => {
    expect(receivedIn(filled(range(0, 601)), 600)).toEqual({
      "1m": 2,
      "5m": 5,
      "30m": 30,
      "1h": 60,
      // Whole hours: the current one has a minute yet.
      "6h": 5 * 60 + 1,
      "30d": 601,
    });
  });

  it("keep an hour's minutes though the next comes long after", () => {
    const slots = filled([...range(0, 60), 60 * 50]);
    expect(receivedIn(slots, 60 * 50)).toMatchObject({ "1h": 1, "30d": 61 });
    expect(slots.minutes).toHaveLength(1);
  });

  it("forget what is older than 30 days", () => {
    const slots = filled([0, ...range(0, HOURS + 30).map((hour) => hour * 60 + 5)]);
    expect(slots.hours.length).toBeLessThanOrEqual(HOURS);
    expect(receivedIn(slots, (HOURS + 29) * 60 + 5)["30d"]).toBe(HOURS);
  });

  it("know the hours in which something came, and the last week's count", () => {
    const { activeHours, receivedLastWeek } = timesOf(filled([0, 1, 300, 301]), START_MS + 302 * MINUTE_MS, {});
    const hour = Math.floor(START_MS / HOUR_MS);
    expect(activeHours[T]).toEqual([hour, hour + 5]);
    expect(receivedLastWeek[T]).toBe(4);
  });

  it("count a minute that a clock put back brings to the last one", () => {
    const slots = filled([10, 11, 3]);
    expect(slots.minutes.map(({ topics }) => topics[T]?.[0])).toEqual([1, 2]);
  });

  it("of two objects say together what one would have said", () => {
    const nowMs = START_MS + 200 * MINUTE_MS;
    const all = range(0, 201);
    const [even, odd] = [all.filter((i) => i % 2 === 0), all.filter((i) => i % 2 === 1)];
    const one = timesOf(filled(all), nowMs, { [T]: 9 });
    expect(joinTimes(timesOf(filled(even), nowMs, { [T]: 5 }), timesOf(filled(odd), nowMs, { [T]: 9 }))).toEqual(one);
  });
});

it("minutes keep how long records took, and hours do not", () => {
  const topics = slotOf({ receivedToVisibleMs: { [`${T} 250`]: 3, [`${T} +Inf`]: 1, [`${T} sum`]: 9 } });
  const slots = [0, 1, 70].reduce((all, i) => addMinute(all, { at: minuteAt(START_MS) + i, topics }), NO_SLOTS);
  const { spans } = timesOf(slots, START_MS + 70 * MINUTE_MS, {});
  expect(bucketsIn(spans["1h"][T])).toMatchObject({ 250: 3, "+Inf": 1 });
  expect(slots.hours.map((hour) => hour.topics[T]?.length)).toEqual([6]);
  expect(spans["30d"][T]?.[3]).toBe(12);
});

it("a slot that an older version wrote adds up with a longer one", () => {
  const [short, long] = [{ [T]: [1, 1] }, { [T]: [1, 1, 1] }];
  expect(sumOf(short, long)).toEqual({ [T]: [2, 2, 1] });
  expect(sumOf(long, short)).toEqual({ [T]: [2, 2, 1] });
});

it("a report has a place in time by its topics: replays enter and are not received", () => {
  const slot = slotOf({
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
