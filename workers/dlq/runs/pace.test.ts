import { expect, it } from "vitest";
import type { Progress } from "../../../src/shared/desk/api.ts";
import { MAX_BACKLOG, nextStep, type Pace } from "./pace.ts";

const PACE: Pace = { rate: 50, canary: 10, maxFailurePercent: 20 };

/** How a run of three hundred stands. */
function standing(more: Partial<Progress>): Progress {
  const ended = { applied: 0, unchanged: 0, duplicate: 0, superseded: 0, failed: 0, skipped: 0, inFlight: 0, ...more };
  const gone = Object.values(ended).reduce((sum, count) => sum + count, 0);
  return { total: 300, waiting: 300 - gone, ...ended };
}

const step = (more: Partial<Progress>, backlog = 0, pace = PACE) => nextStep(pace, standing(more), backlog);

it("sends the canary first, and nothing more until it is back", () => {
  expect(step({})).toEqual({ kind: "send", atMost: 10 });
  expect(step({ inFlight: 4, applied: 2 })).toEqual({ kind: "send", atMost: 4 });
  expect(step({ inFlight: 1, applied: 9 })).toMatchObject({ kind: "wait" });
  expect(step({ applied: 10 })).toEqual({ kind: "send", atMost: 50 });
});

it("goes at its rate where there is no canary", () => {
  expect(step({}, 0, { ...PACE, canary: 0 })).toEqual({ kind: "send", atMost: 50 });
  expect(step({}, 0, { ...PACE, rate: 3 })).toEqual({ kind: "send", atMost: 3 });
});

it("pauses above the rate of failures, in the canary and behind it", () => {
  expect(step({ applied: 7, failed: 3 })).toMatchObject({ kind: "pause" });
  expect(step({ applied: 8, failed: 2 })).toMatchObject({ kind: "send" });
  expect(step({ applied: 79, failed: 21 })).toMatchObject({ kind: "pause" });
});

it("does not take the first failure for a rate", () => {
  expect(step({ applied: 1, failed: 1, inFlight: 8 })).toMatchObject({ kind: "wait" });
  expect(nextStep(PACE, { ...standing({ failed: 1 }), total: 1, waiting: 0, inFlight: 0 }, 0)).toEqual({
    kind: "done",
  });
});

it("yields to live records, and does not count its own among them", () => {
  expect(step({ applied: 10 }, MAX_BACKLOG + 1)).toMatchObject({ kind: "wait" });
  expect(step({ applied: 10, inFlight: 100 }, MAX_BACKLOG + 100)).toMatchObject({ kind: "send" });
});

it("does not pour everything into a consumer that stands still", () => {
  expect(nextStep({ ...PACE, rate: 5 }, standing({ applied: 10, inFlight: 50 }), 0)).toMatchObject({ kind: "wait" });
});

it("is done when nothing waits and nothing is on its way", () => {
  expect(step({ applied: 290, failed: 2, skipped: 8 })).toEqual({ kind: "done" });
  expect(step({ applied: 290, inFlight: 10 })).toMatchObject({ kind: "wait" });
});

it("counts what was skipped as neither sent nor failed", () => {
  expect(step({ skipped: 200 })).toEqual({ kind: "send", atMost: 10 });
});
