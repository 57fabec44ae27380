import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { register } from "../../../test/support/arbitraries.ts";
import { cases } from "../../../test/support/property-budget.ts";
import { combineOutcomes, effectOn, MERGE_OUTCOMES, outcomeFrom } from "./outcome.ts";
import { joinRegisters, sameContent } from "./register.ts";

describe("the effect on a register", () => {
  it("is the effect of the join on it", () => {
    fc.assert(
      fc.property(register, register, (current, incoming) => {
        const joined = joinRegisters<unknown>(current, incoming);
        const effect = effectOn<unknown>(current, incoming);
        expect(effect === "changes" || effect === "confirms").toBe(joined !== current);
        if (effect === "changes") expect(sameContent(joined.value, current.value)).toBe(false);
        if (effect === "confirms") expect(sameContent(joined.value, current.value)).toBe(true);
        expect(effect === "repeats").toBe(
          current.version === incoming.version && sameContent(current.value, incoming.value),
        );
      }),
      cases(1000),
    );
  });

  it("is a change if there was no value", () => {
    fc.assert(
      fc.property(register, (incoming) => {
        expect(effectOn(undefined, incoming)).toBe("changes");
      }),
    );
  });
});

describe("an outcome", () => {
  it.each([
    [["trails", "repeats", "confirms", "changes"], "applied"],
    [["trails", "repeats", "confirms"], "unchanged"],
    [["trails", "repeats"], "duplicate"],
    [["trails"], "superseded"],
    [[], "superseded"],
  ] as const)("of %j is %s", (effects, outcome) => {
    expect(outcomeFrom(effects)).toBe(outcome);
  });

  it("of two stores is the stronger one, and combining is itself a join", () => {
    const outcome = fc.constantFrom(...MERGE_OUTCOMES);
    fc.assert(
      fc.property(outcome, outcome, outcome, (a, b, c) => {
        expect(combineOutcomes(a, b)).toBe(combineOutcomes(b, a));
        expect(combineOutcomes(combineOutcomes(a, b), c)).toBe(combineOutcomes(a, combineOutcomes(b, c)));
        expect(combineOutcomes(a, a)).toBe(a);
        expect(combineOutcomes(a, "superseded")).toBe(a);
        expect(combineOutcomes(a, "applied")).toBe("applied");
      }),
    );
  });
});
