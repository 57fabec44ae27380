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
});
