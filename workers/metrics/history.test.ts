import { expect, it } from "vitest";
import { HOUR_MS, MINUTE_MS } from "#domain/time.ts";
import { joinHistories } from "#telemetry/overview.ts";
import { toHistory } from "./history.ts";
import { addMinute, NO_SLOTS, type Slots } from "./slots.ts";

const ELT = "device.elt.status.reported";
const ECOBEE = "device.ecobee.status.reported";
const START_MS = Date.UTC(2026, 10, 1);
/** 01:45. */
const NOW_MS = START_MS + 105 * MINUTE_MS;

/** Each minute has two records of one topic, one of which is dead-lettered, and one of another. */
const slots: Slots = Array.from({ length: 106 }, (_, i) => START_MS / MINUTE_MS + i).reduce(
  (all, at) => addMinute(all, { at, topics: { [ELT]: [2, 2, 2, 1, 1, 1], [ECOBEE]: [1, 1, 1, 1, 1, 0] } }),
  NO_SLOTS,
);

it("the history of an hour has 60 minutes, the current one last", () => {
  const { stepMs, received, deadLettered } = toHistory(slots, { range: "1h", nowMs: NOW_MS + 2 * MINUTE_MS });
  expect([stepMs, received.length]).toEqual([MINUTE_MS, 60]);
  expect(received.slice(-4)).toEqual([3, 3, 0, 0]);
  expect(deadLettered.slice(-4)).toEqual([1, 1, 0, 0]);
});

it.each([
  ["24h", 24],
  ["30d", 720],
] as const)("the history of %s is by hours, and includes the current hour", (range, hours) => {
  const { stepMs, received } = toHistory(slots, { range, nowMs: NOW_MS });
  expect([stepMs, received.length]).toEqual([HOUR_MS, hours]);
  expect(received.slice(-3)).toEqual([0, 180, 138]);
});

it.each([
  [ELT, 2, 1],
  ["elt", 2, 1],
  ["ecobee", 1, 0],
  ["unknown", 0, 0],
])("the history of %s has only the records of that topic or source", (name, received, deadLettered) => {
  const history = toHistory(slots, { range: "1h", name, nowMs: NOW_MS });
  expect([history.received.at(-1), history.deadLettered.at(-1)]).toEqual([received, deadLettered]);
});

it("the histories of two objects are added step by step", () => {
  const one = toHistory(slots, { range: "24h", nowMs: NOW_MS });
  expect(joinHistories(one, one).received.slice(-2)).toEqual([360, 276]);
});
