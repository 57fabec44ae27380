import { expect, it } from "vitest";
import { UsageError } from "../usage-error.ts";
import { selectionOf } from "./selection.ts";

it.each([
  [{ id: ["a", "b"] }, { ids: ["a", "b"] }],
  [{ group: "g" }, { group: "g" }],
  // A group narrowed down is a filter: a group alone means those of it that wait.
  [{ group: "g", device: "elt:1" }, { filter: { group: "g", device: "elt:1" } }],
  [{ topic: "t", since: "2026-11-23T00:00:00Z" }, { filter: { topic: "t", since: "2026-11-23T00:00:00Z" } }],
])("%j selects %j", (given, expected) => {
  expect(selectionOf(given)).toEqual(expected);
});

it.each([[{}], [{ id: ["a"], topic: "t" }], [{ topic: "" }], [{ topic: "t", device: " " }]])(
  "%j is refused, for it would mean more than was meant",
  (given) => {
    expect(() => selectionOf(given)).toThrow(UsageError);
  },
);
