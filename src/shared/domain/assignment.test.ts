import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonical, dealerId, START_MS, version } from "../../../test/support/arbitraries.ts";
import { type Assignments, intervalsOf, joinAssignments } from "./assignment.ts";
import { occurredAtOf, versionOf } from "./version.ts";

const assignments: fc.Arbitrary<Assignments> = fc
  .array(fc.tuple(version, fc.option(dealerId)), { maxLength: 8 })
  .map((pairs) => new Map(pairs));

describe("the join of assignments", () => {
  it("keeps the laws, with two dealers under one version too", () => {
    fc.assert(
      fc.property(assignments, assignments, assignments, (a, b, c) => {
        const join = joinAssignments;
        expect(canonical(join(a, b))).toBe(canonical(join(b, a)));
        expect(canonical(join(join(a, b), c))).toBe(canonical(join(a, join(b, c))));
        expect(join(a, structuredClone(a))).toBe(a);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("intervals", () => {
  it("are contiguous, in order, open at the end, and change dealer at every border", () => {
    fc.assert(
      fc.property(assignments, (set) => {
        const intervals = intervalsOf(set);
        expect(intervals.length > 0).toBe(set.size > 0);
        intervals.forEach(({ from, to, dealerId }, i) => {
          const next = intervals[i + 1];
          expect(to).toBe(next?.from ?? null);
          if (next) expect(next.dealerId).not.toBe(dealerId);
          if (to) expect(from <= to).toBe(true);
        });
        const times = [...set.keys()].map(occurredAtOf).sort();
        expect(intervals[0]?.from).toBe(times[0]);
      }),
      { numRuns: 1000 },
    );
  });

  it("join the same dealer twice in a row into one stretch, and keep the time without a dealer", () => {
    const at = (second: number) => versionOf(START_MS + second * 1000, "evt");
    const set: Assignments = new Map([
      [at(3), null],
      [at(1), "D"],
      [at(2), "D"],
      [at(4), "E"],
    ]);
    expect(intervalsOf(set)).toEqual([
      { dealerId: "D", from: "2026-11-23T13:00:01.000Z", to: "2026-11-23T13:00:03.000Z" },
      { dealerId: null, from: "2026-11-23T13:00:03.000Z", to: "2026-11-23T13:00:04.000Z" },
      { dealerId: "E", from: "2026-11-23T13:00:04.000Z", to: null },
    ]);
  });
});
