import { expect, it } from "vitest";
import type { Progress } from "#ops/api.ts";
import { MAX_BACKLOG, nextStep, type Pace } from "./pace.ts";

const PACE: Pace = { rate: 50, canary: 10, maxFailurePercent: 20 };

/** The progress of a run of three hundred letters. */
function progress(more: Partial<Progress>): Progress {
  const ended = { applied: 0, unchanged: 0, duplicate: 0, superseded: 0, failed: 0, skipped: 0, inFlight: 0, ...more };
  const gone = Object.values(ended).reduce((sum, count) => sum + count, 0);
  return { total: 300, waiting: 300 - gone, ...ended };
}

const step = (more: Partial<Progress>, backlog = 0, pace = PACE) => nextStep(pace, progress(more), backlog);

it("a run sends its canary first, and nothing more until all of it has an outcome", () => {
  expect(step({})).toEqual({ kind: "send", atMost: 10 });
  expect(step({ inFlight: 4, applied: 2 })).toEqual({ kind: "send", atMost: 4 });
  expect(step({ inFlight: 1, applied: 9 })).toMatchObject({ kind: "wait" });
  expect(step({ applied: 10 })).toEqual({ kind: "send", atMost: 50 });
});

it("a run without a canary sends at its rate from the start", () => {
  expect(step({}, 0, { ...PACE, canary: 0 })).toEqual({ kind: "send", atMost: 50 });
  expect(step({}, 0, { ...PACE, rate: 3 })).toEqual({ kind: "send", atMost: 3 });
});

it("a run pauses above its rate of failures, during the canary and after it", () => {
  expect(step({ applied: 7, failed: 3 })).toMatchObject({ kind: "pause" });
  expect(step({ applied: 8, failed: 2 })).toMatchObject({ kind: "send" });
  expect(step({ applied: 79, failed: 21 })).toMatchObject({ kind: "pause" });
});

it("a run does not judge its rate of failures by the first few outcomes", () => {
  expect(step({ applied: 1, failed: 1, inFlight: 8 })).toMatchObject({ kind: "wait" });
  expect(nextStep(PACE, { ...progress({ failed: 1 }), total: 1, waiting: 0, inFlight: 0 }, 0)).toEqual({
    kind: "done",
  });
});

it("a run waits for live records, and does not count its own letters among them", () => {
  expect(step({ applied: 10 }, MAX_BACKLOG + 1)).toMatchObject({ kind: "wait" });
  expect(step({ applied: 10, inFlight: 100 }, MAX_BACKLOG + 100)).toMatchObject({ kind: "send" });
});

it("a run does not send everything to a consumer that is stuck", () => {
  expect(nextStep({ ...PACE, rate: 5 }, progress({ applied: 10, inFlight: 50 }), 0)).toMatchObject({ kind: "wait" });
});

it("a run is done when no letter waits and none is in flight", () => {
  expect(step({ applied: 290, failed: 2, skipped: 8 })).toEqual({ kind: "done" });
  expect(step({ applied: 290, inFlight: 10 })).toMatchObject({ kind: "wait" });
});

it("a skipped letter counts as neither sent nor failed", () => {
  expect(step({ skipped: 200 })).toEqual({ kind: "send", atMost: 10 });
});
