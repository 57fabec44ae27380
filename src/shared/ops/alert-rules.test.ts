import { describe, expect, it } from "vitest";
import { type Condition, chooseNotices, evaluateRules, type Known, type Observation } from "./alert-rules.ts";

const HOUR = 3_600_000;
const NOW = 100 * HOUR;

const calm: Observation = {
  nowMs: NOW,
  groups: [],
  lettersLately: 0,
  lettersBefore: 0,
  oldestWaitingMs: null,
  pausedRuns: [],
};
const kinds = (more: Partial<Observation>) => evaluateRules({ ...calm, ...more }).map(({ key }) => key);

describe("what somebody has to hear of", () => {
  it.each<[string, Partial<Observation>, string[]]>([
    ["nothing", {}, []],
    ["a new group", { groups: [{ id: "g", state: "open", signature: "s", open: 1 }] }, ["group_opened:g"]],
    [
      "a group that is back",
      { groups: [{ id: "g", state: "regressed", signature: "s", open: 1 }] },
      ["group_regressed:g"],
    ],
    ["a spike", { lettersLately: 50, lettersBefore: 120 }, ["spike:all"]],
    ["as much as usual", { lettersLately: 50, lettersBefore: 121 }, []],
    ["few, out of nothing", { lettersLately: 49 }, []],
    ["a letter that waits", { oldestWaitingMs: NOW - 24 * HOUR - 1 }, ["oldest_age:all"]],
    ["a letter that waits not that long", { oldestWaitingMs: NOW - 24 * HOUR }, []],
    ["a run that stands", { pausedRuns: [{ id: "r", why: null }] }, ["run_paused:r"]],
  ])("%s", (_, more, expected) => {
    expect(kinds(more)).toEqual(expected);
  });
});

it("a spike that has become the usual rate counts as one until it ends", () => {
  const seen = { ...calm, lettersLately: 60, lettersBefore: 720 };
  expect(evaluateRules(seen).map(({ key }) => key)).toEqual([]);
  expect(evaluateRules(seen, true).map(({ key }) => key)).toEqual(["spike:all"]);
  expect(evaluateRules({ ...seen, lettersLately: 49 }, true)).toEqual([]);
});

it("the alert for a group that stays open is sent once", () => {
  const group: Condition = { key: "group_opened:g", kind: "group_opened", subject: "g", summary: "s" };
  expect(chooseNotices(NOW, [group], [{ ...group, state: "firing", lastSentAtMs: NOW - 1_000 * HOUR }])).toEqual([]);
});

const spike: Condition = { key: "spike:all", kind: "spike", subject: "all", summary: "50 dead letters" };
const told = (state: Known["state"], agoMs: number): Known => ({ ...spike, state, lastSentAtMs: NOW - agoMs });
const states = (conditions: Condition[], known: Known[]) =>
  chooseNotices(NOW, conditions, known).map(({ state }) => state);

describe("what is told", () => {
  it.each<[string, Condition[], Known[], Known["state"][]]>([
    ["what begins", [spike], [], ["firing"]],
    ["not what goes on", [spike], [told("firing", HOUR)], []],
    ["again what goes on for hours", [spike], [told("firing", 4 * HOUR)], ["firing"]],
    ["that it is over", [], [told("firing", 60_000)], ["recovered"]],
    ["once that it is over", [], [told("recovered", 60_000)], []],
    ["not what is back in a moment", [spike], [told("recovered", 14 * 60_000)], []],
    ["what is back later", [spike], [told("recovered", 15 * 60_000)], ["firing"]],
  ])("%s", (_, conditions, known, expected) => {
    expect(states(conditions, known)).toEqual(expected);
  });
});
