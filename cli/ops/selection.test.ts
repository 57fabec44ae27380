import { expect, it } from "vitest";
import { UsageError } from "../command/usage-error.ts";
import { selectionOf } from "./selection.ts";

it.each([
  [{ id: ["a", "b"] }, { ids: ["a", "b"] }],
  [{ group: "g" }, { group: "g" }],
  // A group with another condition is a filter. A group alone selects its unresolved letters.
  [{ group: "g", device: "elt:1" }, { filter: { group: "g", device: "elt:1" } }],
  [{ topic: "t", since: "2026-11-23T00:00:00Z" }, { filter: { topic: "t", since: "2026-11-23T00:00:00Z" } }],
])("the options %j select %j", (given, expected) => {
  expect(selectionOf(given)).toEqual(expected);
});

it.each([[{}], [{ id: ["a"], topic: "t" }], [{ topic: "" }], [{ topic: "t", device: " " }]])(
  "the options %j are refused, because they would select more than was meant",
  (given) => {
    expect(() => selectionOf(given)).toThrow(UsageError);
  },
);
