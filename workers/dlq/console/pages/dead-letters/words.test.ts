import { expect, it } from "vitest";
import { causeOf, described, filterIn, sinceOf } from "./words.ts";

it.each([
  ["a.b · schema_mismatch · invalid_type at data.name", "schema_mismatch", "invalid_type at data.name"],
  ["a.b · crash", "crash", "crash"],
  ["no topic · crash", "crash", "no topic · crash"],
] as const)("the cause of %j is what its topic and reason do not say", (signature, reason, cause) => {
  expect(causeOf({ signature, topic: "a.b", reason })).toBe(cause);
});

it("a filter is what the address names, and nothing that is empty or of other things", () => {
  expect(filterIn(new URLSearchParams("state=open&topic=&page=2&text=a b"))).toEqual({ state: "open", text: "a b" });
});

it("a span begins that long ago, and one that is not known is none", () => {
  const nowMs = Date.UTC(2026, 10, 30, 12);
  expect(sinceOf("24h", nowMs)).toBe("2026-11-29T12:00:00.000Z");
  expect([sinceOf(null, nowMs), sinceOf("constructor", nowMs)]).toEqual([undefined, undefined]);
});

it("a selection is told in words", () => {
  expect(described({ ids: ["a"] })).toBe("1 letter");
  expect(described({ filter: { state: "open", topic: "a.b" } })).toBe("all letters with state open, topic a.b");
});
