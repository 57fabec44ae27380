import { expect, it } from "vitest";
import type { Compared } from "../compare/compare.ts";
import { ControlTally } from "./noise.ts";

const compared = (field: string, kind: Compared["kind"]): Compared => ({
  ...{ field, at: field, kind, old: null, new: null, isPersonal: false },
});

it.each([
  ["one of one", 1, 1, false],
  ["one of twenty-five", 1, 25, false],
  ["two of twenty-five", 2, 25, false],
  ["three of twenty-five", 3, 25, true],
  ["two of two", 2, 2, true],
])(
  "a field in which the old side disagrees with itself in %s is left out as a whole: %j of %j, %j",
  (_, differed, all, expected) => {
    const control = new ControlTally([]);
    for (let n = 0; n < all; n++)
      control.add("device", [compared("model", n < differed ? "mismatch" : "match"), compared("serial", "error")]);
    expect(control.isNoisy("device", "model")).toBe(expected);
    expect(control.all()).toEqual([{ document: "device", field: "model", compared: all, differed }]);
    expect(new ControlTally(control.all()).isNoisy("device", "model")).toBe(expected);
  },
);
