import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { placeMarks, type Scale, xOf } from "./scale.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const NOW_MS = Date.UTC(2026, 10, 27, 9, 12);

const scale = (spanMs: number, width = 640): Scale => ({
  fromMs: NOW_MS - spanMs,
  toMs: NOW_MS,
  left: 0,
  right: width,
});

describe("a scale's marks", () => {
  it.each([
    ["an hour", 60 * MINUTE, /^\d\d:\d\d$/],
    ["a week", 7 * DAY, /^\d+ \w+$/],
    ["a year", 365 * DAY, /^\w+ \d{4}$/],
    ["thirty years", 30 * 365 * DAY, /^\w+ \d{4}$/],
  ])("over %s are round times, with labels that suit the length of the range", (_, spanMs, name) => {
    const labels = placeMarks(scale(spanMs), 80).map(({ label }) => label);
    expect(labels.length).toBeGreaterThanOrEqual(3);
    expect(new Set(labels).size).toBe(labels.length);
    for (const label of labels) expect(label).toMatch(name);
  });

  it("have room beside each other and within the picture, for any range and width", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 30 * MINUTE, max: 40 * 365 * DAY }),
        fc.integer({ min: 150, max: 2_400 }),
        (spanMs, width) => {
          const places = placeMarks(scale(spanMs, width), 80).map(({ x }) => x);
          for (const [i, x] of places.entries()) {
            expect(x).toBeGreaterThanOrEqual(0);
            expect(x).toBeLessThanOrEqual(width - 60);
            if (i > 0) expect(x - (places[i - 1] as number)).toBeGreaterThan(35);
          }
        },
      ),
    );
  });

  it("are at the edge for a time outside of the range", () => {
    expect([xOf(scale(DAY), 0), xOf(scale(DAY), NOW_MS + DAY)]).toEqual([0, 640]);
  });
});
