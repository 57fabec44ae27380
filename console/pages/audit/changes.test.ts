import { expect, it } from "vitest";
import { listChanges } from "./changes.ts";

it("sets before beside after, member by member", () => {
  expect(listChanges({ state: "open", note: "x" }, { state: "ignored", count: 2 })).toEqual([
    { name: "state", before: "open", after: "ignored" },
    { name: "note", before: "x", after: undefined },
    { name: "count", before: undefined, after: "2" },
  ]);
});

it("says nothing where nothing is known, and takes what is no object as it is", () => {
  expect(listChanges(null, undefined)).toEqual([]);
  expect(listChanges(null, [1])).toEqual([{ name: "value", before: undefined, after: "[1]" }]);
});
