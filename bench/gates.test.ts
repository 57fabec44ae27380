import { expect, it } from "vitest";
import { type Gate, judge } from "./gates.ts";

const gate = (value: number, must: Gate["must"], bound: number): Gate => ({ name: "it", value, must, bound });

it.each([
  [gate(0.6, "be at least", 0.6), 0],
  [gate(0.59, "be at least", 0.6), 1],
  [gate(6, "be at most", 6), 0],
  [gate(7, "be at most", 6), 1],
  // A part that was not measured passes no gate.
  [gate(Number.NaN, "be at least", 0), 1],
  [gate(Number.NaN, "be at most", 9), 1],
])("a gate is kept or broken: %j", (one, broken) => {
  expect(judge([one]).broken).toBe(broken);
});
