import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonical, register } from "../../../test/support/arbitraries.ts";
import { cases } from "../../../test/support/property-budget.ts";
import { canonicalText, joinMaps, joinRegisters, sameContent } from "./register.ts";
import { toVersion } from "./version.ts";

describe("the join of registers", () => {
  it("is commutative, associative and idempotent, with equal versions of different content too", () => {
    fc.assert(
      fc.property(register, register, register, (a, b, c) => {
        const join = joinRegisters<unknown>;
        expect(canonical(join(a, b))).toBe(canonical(join(b, a)));
        expect(canonical(join(join(a, b), c))).toBe(canonical(join(a, join(b, c))));
        expect(join(a, structuredClone(a))).toBe(a);
      }),
      cases(1000),
    );
  });

  it("keeps the newer value, and takes any where there was none", () => {
    const [older, newer] = [1, 2].map((ms) => ({ version: toVersion(ms, "evt"), value: ms }));
    expect(joinRegisters(older, newer as NonNullable<typeof newer>)).toBe(newer);
    expect(joinRegisters(newer, older as NonNullable<typeof older>)).toBe(newer);
    expect(joinRegisters(undefined, older as NonNullable<typeof older>)).toBe(older);
  });
});

describe("canonical text", () => {
  it("does not depend on the order in which members were written, at any depth", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalText(backwards(value))).toBe(canonicalText(value));
      }),
    );
  });

  it("differs for different content, and keeps the order of lists", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 2 }), fc.jsonValue({ maxDepth: 2 }), (a, b) => {
        expect(sameContent(a, b)).toBe(canonical(a) === canonical(b));
      }),
    );
    expect(sameContent([1, 2], [2, 1])).toBe(false);
  });

  it("parses back to the same value", () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        expect(JSON.parse(canonicalText(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  function backwards(value: unknown): unknown {
    if (value === null || typeof value !== "object") return value;
    if (Array.isArray(value)) return value.map(backwards);
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([name, inner]) => [name, backwards(inner)]),
    );
  }
});

describe("the join of maps", () => {
  const max = (a: number, b: number) => Math.max(a, b);
  const map = fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.nat({ max: 3 }))).map((pairs) => new Map(pairs));

  it("is pointwise, and returns the same map if the other adds nothing", () => {
    fc.assert(
      fc.property(map, map, (a, b) => {
        const joined = joinMaps(a, b, max);
        expect(canonical(joined)).toBe(canonical(joinMaps(b, a, max)));
        expect(joined === a).toBe(canonical(joined) === canonical(a));
        expect([...joined.keys()].sort()).toEqual([...new Set([...a.keys(), ...b.keys()])].sort());
      }),
    );
  });
});
