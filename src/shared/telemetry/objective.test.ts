import { describe, expect, it } from "vitest";
import { TIME_BOUNDS_MS } from "./instruments.ts";
import { budgetLeft, burnRate, FRESHNESS_OBJECTIVE, toObjectiveState, type Windows } from "./objective.ts";

const slow = (share: number) => ({ visible: 100_000, inTime: 100_000 * (1 - share) });
const NOTHING = { visible: 0, inTime: 0 };
const windows = (more: Partial<Windows>): Windows => ({
  last5m: slow(0),
  last30m: slow(0),
  last1h: slow(0),
  last6h: slow(0),
  last30d: slow(0),
  ...more,
});

it("the objective's time is a bound of the histogram, or it could not be counted", () => {
  expect(TIME_BOUNDS_MS).toContain(FRESHNESS_OBJECTIVE.withinMs);
});

describe("the burn rate", () => {
  it("is 1 where exactly what the objective allows is slow", () => {
    expect(burnRate(slow(0.01))).toBeCloseTo(1);
    expect(burnRate(slow(0.144))).toBeCloseTo(14.4);
    expect(burnRate(NOTHING)).toBeNull();
  });

  it("leaves of the budget what it has not spent, and less than nothing", () => {
    expect(budgetLeft(slow(0.0025))).toBeCloseTo(0.75);
    expect(budgetLeft(slow(0.03))).toBeCloseTo(-2);
    expect(budgetLeft(NOTHING)).toBeNull();
  });
});

describe("an objective", () => {
  it.each([
    ["met", {}],
    ["met", { last5m: slow(0.9) }],
    ["met", { last1h: slow(0.2) }],
    ["burning fast", { last5m: slow(0.2), last1h: slow(0.15) }],
    ["burning slowly", { last30m: slow(0.07), last6h: slow(0.07) }],
    ["spent", { last30d: slow(0.02) }],
    ["met", { last5m: { visible: 1, inTime: 0 }, last1h: { visible: 5, inTime: 0 } }],
    ["unknown", { last30d: NOTHING }],
    ["met", { last5m: NOTHING, last1h: NOTHING }],
  ] as const)("is %s with %j", (state, more) => {
    expect(toObjectiveState(windows(more))).toBe(state);
  });
});
