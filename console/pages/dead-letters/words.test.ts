import { expect, it } from "vitest";
import { causeOf, described } from "./words.ts";

it.each([
  ["a.b · schema_mismatch · invalid_type at data.name", "schema_mismatch", "invalid_type at data.name"],
  ["a.b · crash", "crash", "crash"],
  ["no topic · crash", "crash", "no topic · crash"],
] as const)("the cause of %j is what its topic and reason do not say", (signature, reason, cause) => {
  expect(causeOf({ signature, topic: "a.b", reason })).toBe(cause);
});

it("a selection is described in words", () => {
  expect(described({ ids: ["a"] })).toBe("1 letter");
  expect(described({ filter: { state: "open", topic: "a.b" } })).toBe("all letters with state open, topic a.b");
});
