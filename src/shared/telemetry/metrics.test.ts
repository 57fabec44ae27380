import { describe, expect, it } from "vitest";
import { addReports, Tally } from "./metrics.ts";

describe("reports", () => {
  it.each(["constructor", "toString", "__proto__"])("add up what is named %s", (topic) => {
    const accepted = new Tally();
    accepted.add(topic, 2);
    const once = addReports({}, { accepted: accepted.toCounts() });
    const twice = addReports(once, { accepted: accepted.toCounts() });
    expect(Object.entries(twice.accepted ?? {})).toEqual([[topic, 4]]);
  });

  it("leave what they do not speak of as it is, for totals are long and reports are many", () => {
    const totals = { accepted: { t: 1 }, httpMs: { "api GET / 200 5": 1 } };
    const sum = addReports(totals, { accepted: { t: 2 } });
    expect(sum.httpMs).toBe(totals.httpMs);
    expect([sum.accepted, totals.accepted]).toEqual([{ t: 3 }, { t: 1 }]);
  });
});
