import * as fc from "fast-check";
import { expect, it } from "vitest";
import { cases } from "../../../test/support/property-budget.ts";
import { differenceBetween } from "./difference.ts";
import { applyOperation, type Holder } from "./edit.ts";

const json = fc.jsonValue({ maxDepth: 4 });

/** Often close to each other, as an edit is to what it edits. */
const pairs = fc.oneof(
  fc.tuple(json, json),
  fc.tuple(fc.array(fc.integer({ min: 0, max: 3 })), fc.array(fc.integer({ min: 0, max: 3 }))).map(
    ([a, b]) =>
      [
        { list: a, "a/b~": 1 },
        { list: b, "a/b~": 2 },
      ] as const,
  ),
);

it("the difference of two values, applied to the first, makes the second", () => {
  fc.assert(
    fc.property(pairs, ([before, after]) => {
      const holder: Holder = { value: structuredClone(before) };
      for (const operation of differenceBetween(before, after)) {
        expect(applyOperation(holder, structuredClone(operation))).toBeUndefined();
      }
      expect(JSON.parse(JSON.stringify(holder.value))).toEqual(JSON.parse(JSON.stringify(after)));
    }),
    cases(1_000),
  );
});

it("equal values have no difference, and a change of one place names that place alone", () => {
  const before = { data: { mode: "cool", features: ["a", "b", "c"] }, id: 1 };
  expect(differenceBetween(before, structuredClone(before))).toEqual([]);
  expect(differenceBetween(before, { ...before, data: { ...before.data, features: ["a", "c"] } })).toEqual([
    { op: "remove", path: "/data/features/1" },
  ]);
  expect(differenceBetween([1, 2, 3], [1, 9, 3])).toEqual([{ op: "replace", path: "/1", value: 9 }]);
});

it("two long lists are compared in linear time", () => {
  const long = Array.from({ length: 50_000 }, (_, i) => i);
  expect(differenceBetween(long, [-1, ...long])).toEqual([{ op: "add", path: "/0", value: -1 }]);
});
