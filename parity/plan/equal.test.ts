import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../json.ts";
import { equality } from "./equal.ts";

const T = "2026-11-23T06:00:00.000Z";

describe("two values are the same", () => {
  it.each<[string | number | undefined, Json, Json, boolean]>([
    [undefined, 1, 1.0, true],
    [undefined, 1, "1", false],
    [undefined, null, "", false],
    [undefined, { a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [undefined, [1, 2], [2, 1], false],
    [0.5, 20, 20.5, true],
    [0.5, 20, 20.51, false],
    [0.3, 0, 0.1 + 0.2, true],
    [0.5, "20", "20.1", false],
    [0, 20, 20.0001, false],
    ["1%", 100, 101, true],
    ["1%", 100, 102, false],
    ["1%", -100, 100, false],
    ["1s", T, "2026-11-23T06:00:01.000Z", true],
    ["1s", "2026-11-23T06:00:01.000Z", T, true],
    ["1s", T, "2026-11-23T06:00:01.001Z", false],
    ["1s", T, "2026-11-23T08:00:00.5+02:00", true],
    ["1s", 1, 2, false],
    ["1s", "soon", "sooner", false],
    [0.5, [20, 30], [20.4, 29.6], true],
    [0.5, [20, 30], [20.4], false],
  ])("within %j: %j and %j, %s", (tolerance, one, other, expected) => {
    expect(equality(tolerance, undefined)(one, other)).toBe(expected);
    expect(equality(tolerance, undefined)(other, one)).toBe(expected);
  });

  it("in any order, where the order does not matter, and no other way", () => {
    const values = fc.array(fc.oneof(fc.string(), fc.integer(), fc.constant(null)));
    fc.assert(
      fc.property(values, fc.infiniteStream(fc.nat()), (list, picks) => {
        const rest = [...list];
        const shuffled = list.map(() => rest.splice((picks.next().value as number) % rest.length, 1)[0] as Json);
        expect(equality(undefined, "any")(list, shuffled)).toBe(true);
        expect(equality(undefined, "any")(list, [...shuffled, "one more"])).toBe(false);
        expect(equality(undefined, "any")(["one more", ...list], [...shuffled, "another"])).toBe(false);
      }),
    );
  });
});
