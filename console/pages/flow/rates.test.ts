import { describe, expect, it } from "vitest";
import type { FlowTick, FlowTotals } from "#telemetry/overview.ts";
import { CHART_MS, percentileOf, rateOfFigure, ratesBySource, seriesOf, withTick } from "./rates.ts";

const tick = (atMs: number, totals: Partial<FlowTotals>): FlowTick =>
  ({ atMs, totals: { accepted: 0, acceptedByTopic: {}, freshness: {}, ...totals } }) as FlowTick;

describe("rates", () => {
  it("are per second over the last ten seconds, without earlier counts", () => {
    const ticks = [
      tick(0, { accepted: 0 }),
      tick(20_000, { accepted: 9_000 }),
      tick(25_000, { accepted: 9_050 }),
      tick(30_000, { accepted: 9_100 }),
    ];
    expect(rateOfFigure(ticks, "accepted")).toBe(10);
    expect(rateOfFigure(ticks.slice(0, 1), "accepted")).toBe(0);
    expect(rateOfFigure([], "accepted")).toBe(0);
  });

  it("are summed up by source", () => {
    const counts = (n: number) => ({
      "device.elt.status.reported": n,
      "device.elt.alert.raised": n,
      "device.ecobee.x.y": 1,
    });
    const ticks = [tick(0, { acceptedByTopic: counts(0) }), tick(2_000, { acceptedByTopic: counts(4) })];
    expect(ratesBySource(ticks)).toEqual({ elt: 4, ecobee: 0 });
  });
});

describe("percentiles", () => {
  it("are upper bounds over the last minute only", () => {
    const ticks = [
      tick(0, { freshness: { "60000": 1_000 } }),
      tick(70_000, { freshness: { "60000": 1_000, "5": 10, sum: 1 } }),
      tick(80_000, { freshness: { "60000": 1_000, "5": 100, "250": 9, "+Inf": 1, sum: 1 } }),
    ];
    expect(percentileOf(ticks, "freshness", 0.5)).toBe(5);
    expect(percentileOf(ticks, "freshness", 0.95)).toBe(250);
    expect(percentileOf(ticks, "freshness", 1)).toBe(Number.POSITIVE_INFINITY);
  });

  it("are null if nothing was measured", () => {
    expect(percentileOf([tick(0, {}), tick(1_000, {})], "freshness", 0.99)).toBeNull();
  });
});

describe("ticks", () => {
  it("are kept for the window of the chart", () => {
    const ticks = [0, 1_000, CHART_MS + 500].reduce<readonly FlowTick[]>((all, at) => withTick(all, tick(at, {})), []);
    expect(ticks.map(({ atMs }) => atMs)).toEqual([1_000, CHART_MS + 500]);
  });

  it("start again when the counts start again", () => {
    const ticks = withTick([tick(0, { accepted: 9 })], tick(1_000, { accepted: 2 }));
    expect(ticks.map(({ atMs }) => atMs)).toEqual([1_000]);
  });

  it("become a series of the rates between each two", () => {
    const ticks = [tick(0, { accepted: 0 }), tick(2_000, { accepted: 8 }), tick(3_000, { accepted: 9 })];
    expect(seriesOf(ticks, "accepted")).toEqual([
      [2_000, 4],
      [3_000, 1],
    ]);
  });
});
