import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parsePosition, positionOf } from "./position.ts";

const cursor = fc.nat().map(String);
const cursors = (count: number) => fc.array(fc.option(cursor), { minLength: count, maxLength: count });
const keys = fc.uniqueArray(fc.string({ minLength: 1, unit: "binary" }), { minLength: 1, maxLength: 100 });
const placed = keys.chain((list) => fc.tuple(fc.constant(list), cursors(list.length)));

describe("one cursor for the positions in several objects", () => {
  it("holds each position in the order of the keys, and which object has none yet", () => {
    fc.assert(
      fc.property(placed, ([list, positions]) => {
        expect(parsePosition(positionOf(list, positions), list)).toEqual(positions);
      }),
    );
  });

  it("is different for different positions", () => {
    const two = keys.chain((list) => fc.tuple(fc.constant(list), cursors(list.length), cursors(list.length)));
    fc.assert(
      fc.property(two, ([list, a, b]) => {
        expect(positionOf(list, a) === positionOf(list, b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });

  it("is the object's own cursor where there is one object", () => {
    fc.assert(
      fc.property(fc.string(), cursor, (key, own) => {
        expect(positionOf([key], [own])).toBe(own);
        expect(parsePosition(own, [key])).toEqual([own]);
      }),
    );
  });

  it("is recognised as another list's: of other keys, in another order, of more or of fewer", () => {
    const others = fc
      .tuple(placed, keys)
      .filter(([[list], other]) => list.length > 1 && JSON.stringify(list) !== JSON.stringify(other));
    fc.assert(
      fc.property(others, ([[list, positions], other]) => {
        const text = positionOf(list, positions);
        expect(parsePosition(text, other)).toBeUndefined();
        const moved = [...list.slice(1), list[0] as string];
        if (JSON.stringify(moved) !== JSON.stringify(list)) expect(parsePosition(text, moved)).toBeUndefined();
        expect(parsePosition(text, list.slice(1))).toBeUndefined();
        expect(parsePosition(text, [...list, "one-more"])).toBeUndefined();
      }),
    );
  });

  it("is never read out of what a client made up, and reading it never throws", () => {
    fc.assert(
      fc.property(fc.string(), placed, (text, [list, positions]) => {
        if (list.length > 1) expect(parsePosition(text, list)).toBeUndefined();
        const [check] = positionOf(["a", ...list], [null, ...positions]).split(".");
        const forged = `${check}.${text}`;
        const read = parsePosition(forged, ["a", ...list]);
        for (const one of read ?? []) expect(one).toSatisfy((each) => each === null || /^\d+$/.test(each));
      }),
    );
  });

  it("takes no more than ten bytes beside the positions and their separators", () => {
    fc.assert(
      fc.property(placed, ([list, positions]) => {
        const own = positions.reduce((sum, each) => sum + (each ?? "").length + 1, 0);
        expect(positionOf(list, positions).length).toBeLessThanOrEqual(own + 10);
      }),
    );
  });
});
