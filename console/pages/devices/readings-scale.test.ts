import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  drawnOf,
  nearestIndex,
  overall,
  RANGES,
  type Range,
  spanOf,
  stretchesOf,
  valueMarks,
} from "./readings-scale.ts";

const NOW_MS = Date.UTC(2026, 10, 27, 9, 12, 30);
const MINUTE = 60_000;
const one = (value: number) => ({ min: value, max: value, mean: value, count: 1 });
const DAY = spanOf("day", NOW_MS);
const at = (minute: number) => ({ ...one(20), atMs: NOW_MS + minute * MINUTE });

describe("the chart of readings", () => {
  it.each(Object.keys(RANGES) as Range[])(
    "asks for whole steps of a %s, of which the last one has now in it",
    (range) => {
      const { fromMs, toMs, stepMs } = spanOf(range, NOW_MS);
      expect(toMs % stepMs).toBe(0);
      expect(toMs - NOW_MS).toBeGreaterThan(0);
      expect(toMs - NOW_MS).toBeLessThanOrEqual(stepMs);
      expect((toMs - fromMs) / stepMs).toBeLessThanOrEqual(366);
    },
  );

  it("asks the same until a step is over", () => {
    expect(spanOf("day", NOW_MS)).toEqual(spanOf("day", NOW_MS + 5 * MINUTE));
    expect(spanOf("day", NOW_MS)).not.toEqual(spanOf("day", NOW_MS + 10 * MINUTE));
  });

  it("draws a point in the middle of its step, and none where no report has the field", () => {
    const points = [{ at: "2026-11-27T09:00:00.000Z", humidityPct: one(40) }];
    expect(drawnOf(points, "humidityPct", 600_000)).toEqual([{ ...one(40), atMs: Date.UTC(2026, 10, 27, 9, 5) }]);
    expect(drawnOf(points, "indoorTemperatureC", 600_000)).toEqual([]);
  });

  it("connects what comes at the device's usual distance, and breaks at an outage", () => {
    const hourly = [0, 60, 120, 180].map(at);
    const later = [900, 960].map(at);
    expect(stretchesOf([...hourly, ...later], DAY)).toEqual([hourly, later]);
    expect(stretchesOf([], DAY)).toEqual([]);
  });

  it("connects no two points that are far from each other, however seldom the device reports", () => {
    const seldom = [0, 300, 600].map(at);
    expect(stretchesOf(seldom, DAY)).toEqual(seldom.map((point) => [point]));
    expect(stretchesOf(seldom, spanOf("week", NOW_MS))).toEqual([seldom]);
  });

  it("keeps every point of any series, in order", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 10_000 })), (minutes) => {
        const drawn = minutes.toSorted((a, b) => a - b).map(at);
        expect(stretchesOf(drawn, DAY).flat()).toEqual(drawn);
      }),
    );
  });

  it("weighs the mean of a range by the reports of each step", () => {
    const steps = [
      { min: 18, max: 20, mean: 19, count: 1, atMs: 0 },
      { min: 21, max: 25, mean: 23, count: 3, atMs: 1 },
    ];
    expect(overall(steps)).toEqual({ min: 18, max: 25, mean: 22, count: 4 });
    expect(overall([])).toBeNull();
  });

  it("has marks of the value around everything that is drawn, and not many", () => {
    fc.assert(
      fc.property(
        fc.float({ min: -60, max: 60, noNaN: true }),
        fc.float({ min: 0, max: 140, noNaN: true }),
        (min, more) => {
          const marks = valueMarks(min, min + more);
          expect(marks[0]).toBeLessThanOrEqual(min);
          expect(marks.at(-1)).toBeGreaterThanOrEqual(min + more);
          expect(marks.length).toBeGreaterThanOrEqual(2);
          expect(marks.length).toBeLessThanOrEqual(6);
        },
      ),
    );
  });

  it("finds the point that is nearest to the pointer", () => {
    expect([-5, 0, 4, 6, 14, 99].map((ms) => nearestIndex([0, 10, 20], ms))).toEqual([0, 0, 0, 1, 1, 2]);
  });
});
