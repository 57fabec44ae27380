import { expect, it } from "vitest";
import { remainderOf } from "./forgotten-record.ts";

const NOW_MS = Date.UTC(2026, 10, 23);

/** What is left of a record that no contract reads, once a customer of this name is forgotten. */
const leftOf = (value: string, key: string | null = null) => {
  const record = { topic: "device.elt.customer.assigned", key, value, receivedAtMs: NOW_MS };
  return remainderOf(record, { keys: new Map(), texts: ["Smith"], nowMs: NOW_MS });
};

it.each([
  ["a member", JSON.stringify({ who: "Ann Smith" })],
  ["a member, escaped", '{"who":"Ann \\u0053mith"}'],
  ["text that is no JSON", "who=Smith;city=Ottawa"],
])("a record that no contract reads and that has a customer's name in %s is emptied", (_, value) => {
  expect(leftOf(value)).toMatchObject({ isEmptied: true, record: { value: null } });
});

it("a record that has the name in its key is emptied", () => {
  expect(leftOf("{}", "Smith")).toMatchObject({ isEmptied: true });
});

it("a record that has a customer's name only inside of another word stays", () => {
  for (const value of ['{"who":"Smithers"}', "of the BlackSmith's, a Smithy"]) expect(leftOf(value)).toBeUndefined();
  expect(leftOf("{}", "Smithers")).toBeUndefined();
});
