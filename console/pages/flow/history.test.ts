import { expect, it } from "vitest";
import { pointsBefore, pointsOf } from "./history.ts";

const MINUTE = 60_000;
/** Half a minute into the minute that begins at 10 min. */
const history = { atMs: 10.5 * MINUTE, stepMs: MINUTE, received: [60, 120, 30], deadLettered: [0, 0, 0] };

it("a step becomes a rate at its middle, and the current one counts for the time that it has lasted", () => {
  expect(pointsOf(history, history.received)).toEqual([
    [8.5 * MINUTE, 1],
    [9.5 * MINUTE, 2],
    [10.25 * MINUTE, 1],
  ]);
});

it("the history fills the chart from its edge to the page's first tick", () => {
  const span = { fromMs: 9 * MINUTE, toMs: 10.5 * MINUTE };
  expect(pointsBefore(history, history.received, span)).toEqual([
    [9 * MINUTE, 1],
    [9.5 * MINUTE, 2],
    [10.25 * MINUTE, 1],
    [10.5 * MINUTE, 1],
  ]);
});

it("the history adds nothing where the page has ticks of its own", () => {
  expect(pointsBefore(history, history.received, { fromMs: 9 * MINUTE, toMs: 9 * MINUTE })).toEqual([]);
});
