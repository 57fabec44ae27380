import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cases } from "../../../test/support/property-budget.ts";
import type { ConcordEvent } from "./event.ts";
import {
  MAX_POINTS,
  problemOf,
  READING_FIELDS,
  type Reading,
  type ReadingField,
  type ReadingRange,
  readingOf,
  summarize,
} from "./readings.ts";
import { toVersion } from "./version.ts";

/** A midnight between whole steps of every length that is drawn. */
const START_MS = Date.UTC(2026, 2, 29);
const DAY_MS = 86_400_000;

type Report = { readonly atMs: number; readonly id: string } & Partial<Record<ReadingField, number>>;

const report: fc.Arbitrary<Report> = fc
  .record({
    // Many at once, and at the edges of steps: to the millisecond before, at and after each quarter of an hour.
    atMs: fc
      .tuple(fc.integer({ min: -4, max: 200 }), fc.integer({ min: -1, max: 1 }))
      .map(([quarter, beside]) => START_MS + quarter * 900_000 + beside),
    id: fc.constantFrom("a", "b", "c"),
    indoorTemperatureC: fc.option(fc.double({ min: -40, max: 60, noNaN: true }), { nil: undefined }),
    humidityPct: fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined }),
  })
  .map((drawn) => Object.fromEntries(Object.entries(drawn).filter(([, value]) => value !== undefined)) as Report);

const eventOf = ({ atMs, id, ...numbers }: Report): Pick<ConcordEvent, "occurredAtMs" | "version" | "change"> => ({
  occurredAtMs: atMs,
  version: toVersion(atMs, id),
  change: { status: { online: true, ...numbers } },
});
const readingsOf = (reports: readonly Report[]): Reading[] => reports.map((one) => readingOf(eventOf(one)) as Reading);

/** One report a version, as a producer that keeps its ids unique sends them. */
const reports = fc.uniqueArray(report, { maxLength: 80, selector: ({ atMs, id }) => `${atMs}/${id}` });

/** The naive way: for each step, look at all reports. It shares no code with `summarize`. */
function naive(reports: readonly Report[], { fromMs, toMs, stepSeconds, fields }: ReadingRange) {
  const points: Record<string, unknown>[] = [];
  for (let at = START_MS - DAY_MS; at < START_MS + 5 * DAY_MS; at += stepSeconds * 1_000) {
    const point: Record<string, unknown> = {};
    for (const field of fields) {
      const values = reports
        .filter((one) => one.atMs >= at && one.atMs < at + stepSeconds * 1_000 && one.atMs >= fromMs && one.atMs < toMs)
        .flatMap((one) => (one[field] === undefined ? [] : [one[field]]));
      if (values.length === 0) continue;
      point[field] = {
        min: Math.min(...values),
        max: Math.max(...values),
        mean: expect.closeTo(values.reduce((a, b) => a + b, 0) / values.length, 6),
        count: values.length,
      };
    }
    if (Object.keys(point).length > 0) points.push({ at: new Date(at).toISOString(), ...point });
  }
  return points;
}

const range = fc
  .record({
    from: fc.integer({ min: -900_000, max: DAY_MS }),
    length: fc.integer({ min: 1, max: 2 * DAY_MS }),
    stepSeconds: fc.constantFrom(900, 3_600, 21_600, 86_400),
    fields: fc.uniqueArray(fc.constantFrom(...READING_FIELDS), { minLength: 1 }),
  })
  .map(
    ({ from, length, ...rest }): ReadingRange => ({ fromMs: START_MS + from, toMs: START_MS + from + length, ...rest }),
  );

describe("readings by steps", () => {
  it("are what a naive fold gives, in any order and with any repetitions", () => {
    fc.assert(
      fc.property(reports, range, fc.array(fc.nat(), { maxLength: 20 }), (drawn, wanted, repeats) => {
        const repeated = [...drawn, ...repeats.flatMap((n) => drawn[n % (drawn.length || 1)] ?? [])];
        const shuffled = repeated.sort((a, b) => ((a.atMs * 7919) % 101) - ((b.atMs * 7919) % 101));
        expect(summarize(readingsOf(shuffled), wanted)).toEqual(naive(drawn, wanted));
      }),
      cases(300),
    );
  });

  it("are the same to the last digit, whatever the order is", () => {
    fc.assert(
      fc.property(reports, range, (drawn, wanted) => {
        const readings = readingsOf(drawn);
        expect(summarize(readings.toReversed(), wanted)).toEqual(summarize(readings, wanted));
      }),
      cases(200),
    );
  });

  it("take one of two reports that claim the same version, always the same one", () => {
    const [a, b] = readingsOf([
      { atMs: START_MS, id: "a", humidityPct: 40 },
      { atMs: START_MS, id: "a", humidityPct: 50 },
    ]) as [Reading, Reading];
    const wanted: ReadingRange = { fromMs: START_MS, toMs: START_MS + 1, stepSeconds: 60, fields: ["humidityPct"] };
    expect(summarize([a, b], wanted)).toEqual(summarize([b, a], wanted));
    expect(summarize([a, b], wanted)[0]?.humidityPct?.count).toBe(1);
  });

  it("have steps of 24 hours on the days on which clocks are changed", () => {
    const noon = readingsOf(
      [-1, 0, 1, 2].map((day) => ({ atMs: START_MS + day * DAY_MS + DAY_MS / 2, id: "a", humidityPct: 1 })),
    );
    const wanted: ReadingRange = {
      fromMs: START_MS - DAY_MS,
      toMs: START_MS + 3 * DAY_MS,
      stepSeconds: 86_400,
      fields: ["humidityPct"],
    };
    expect(summarize(noon, wanted).map(({ at }) => at)).toEqual(
      ["28", "29", "30", "31"].map((day) => `2026-03-${day}T00:00:00.000Z`),
    );
  });

  it("are of status reports only", () => {
    expect(readingOf({ ...eventOf({ atMs: 1, id: "a" }), change: { profile: { name: "x" } } })).toBeNull();
  });
});

describe("a range", () => {
  const good: ReadingRange = { fromMs: 0, toMs: DAY_MS, stepSeconds: 900, fields: ["humidityPct"] };
  it.each([
    ["good", {}, null],
    ["a week by quarters of an hour", { toMs: 7 * DAY_MS }, null],
    ["a year by half days", { toMs: 366 * DAY_MS, stepSeconds: 43_200 }, null],
    ["empty", { toMs: 0 }, /before/],
    ["not a number", { toMs: Number.NaN }, /before/],
    ["of too short a step", { stepSeconds: 59 }, /at least 60/],
    ["of half a second", { stepSeconds: 60.5 }, /whole number/],
    ["of too long a step", { stepSeconds: 2 ** 31 }, /at most 2147483647/],
    ["of the longest step", { stepSeconds: 2 ** 31 - 1 }, null],
    ["of no field", { fields: [] }, /at least one field/],
    ["of too many points", { toMs: MAX_POINTS * 900_000 + 1 }, /801 points, over the limit of 800/],
  ] as const)("that is %s", (_, change, problem) => {
    const said = problemOf({ ...good, ...change });
    if (problem === null) expect(said).toBeNull();
    else expect(said).toMatch(problem);
  });

  it("of the longest step has points from the year 0 on", () => {
    const fromMs = Date.parse("0000-01-01T00:00:00Z");
    const all = { ...good, fromMs, stepSeconds: 2 ** 31 - 1 };
    const points = summarize([{ atMs: fromMs, tag: "a", humidityPct: 40 }], { ...all, fields: ["humidityPct"] });
    expect(points.map(({ at }) => at)).toEqual(["0000-01-01T00:00:00.000Z"]);
  });

  it("of too many points is told a step that fits, wherever it begins", () => {
    fc.assert(
      fc.property(fc.nat(DAY_MS), fc.integer({ min: DAY_MS, max: 5_000 * DAY_MS }), (fromMs, length) => {
        const asked: ReadingRange = { ...good, fromMs, toMs: fromMs + length, stepSeconds: 60 };
        const fitting = Number(/step of (\d+) seconds/.exec(problemOf(asked) ?? "")?.[1]);
        expect(problemOf({ ...asked, stepSeconds: fitting })).toBeNull();
      }),
      cases(200),
    );
  });
});
