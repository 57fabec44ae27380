import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonical, dealerId, START_MS, version } from "../../../test/support/arbitraries.ts";
import { cases } from "../../../test/support/property-budget.ts";
import { type Assignments, type Interval, isWithin, joinAssignments, toIntervals } from "./assignment.ts";
import { toVersion, type Version } from "./version.ts";

const inUtf8 = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

const assignments: fc.Arbitrary<Assignments> = fc
  .array(fc.tuple(version, fc.option(dealerId)), { maxLength: 8 })
  .map((pairs) => new Map(pairs));

describe("the join of assignments", () => {
  it("is commutative, associative and idempotent, also for two dealers of one version", () => {
    fc.assert(
      fc.property(assignments, assignments, assignments, (a, b, c) => {
        const join = joinAssignments;
        expect(canonical(join(a, b))).toBe(canonical(join(b, a)));
        expect(canonical(join(join(a, b), c))).toBe(canonical(join(a, join(b, c))));
        expect(join(a, structuredClone(a))).toBe(a);
      }),
      cases(1000),
    );
  });
});

describe("intervals", () => {
  it("are contiguous, in order, open at the end, and change dealer at every border", () => {
    fc.assert(
      fc.property(assignments, (set) => {
        const intervals = toIntervals(set);
        expect(intervals.length > 0).toBe(set.size > 0);
        intervals.forEach(({ from, to, dealerId }, i) => {
          const next = intervals[i + 1];
          expect(to).toBe(next?.from ?? null);
          if (next) expect(next.dealerId).not.toBe(dealerId);
          if (to) expect(inUtf8(from, to)).toBeLessThan(0);
        });
        expect(intervals[0]?.from).toBe([...set.keys()].sort(inUtf8)[0]);
      }),
      cases(1000),
    );
  });

  it("merge the same dealer twice in a row into one, and keep a time without a dealer", () => {
    const at = (second: number) => toVersion(START_MS + second * 1000, "evt");
    const set: Assignments = new Map([
      [at(3), null],
      [at(1), "D"],
      [at(2), "D"],
      [at(4), "E"],
    ]);
    expect(toIntervals(set)).toEqual([
      { dealerId: "D", from: at(1), to: at(3) },
      { dealerId: null, from: at(3), to: at(4) },
      { dealerId: "E", from: at(4), to: null },
    ]);
  });

  it("include their first version and exclude that of the next, even within the same millisecond", () => {
    const [first, event, second, later] = ["a", "b", "c", "d"].map((id) => toVersion(START_MS, id)) as [
      Version,
      Version,
      Version,
      Version,
    ];
    const [dOf, eOf] = toIntervals(
      new Map([
        [first, "D"],
        [second, "E"],
      ]),
    ) as [Interval, Interval];
    expect([first, event, second, later].map((version) => [isWithin(dOf, version), isWithin(eOf, version)])).toEqual([
      [true, false],
      [true, false],
      [false, true],
      [false, true],
    ]);
  });
});
