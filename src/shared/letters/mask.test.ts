import fc from "fast-check";
import { expect, it } from "vitest";
import { CONTRACTS } from "#contracts/index.ts";
import { cases } from "../../../test/support/property-budget.ts";
import { maskData, maskFailure, maskKey, maskValue, searchTextOf } from "./mask.ts";

const topics = CONTRACTS.map(({ topic }) => topic);

/** Text that is no word of any contract. */
const secret = fc.string({ minLength: 6, maxLength: 40 }).map((text) => `§${text}`);

it("text that no contract declares is never shown and never found, at any place", () => {
  const anything = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      secret,
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(secret, tie("value"), { maxKeys: 3 }),
    ),
  })).value;
  const members = fc.dictionary(
    fc.constantFrom("owner", "note", "§", "customer", "mode", "online", "location"),
    anything,
  );
  fc.assert(
    fc.property(fc.constantFrom(...topics, "device.elt.no.such"), members, (topic, data) => {
      const value = JSON.stringify({ data, ...data });
      const record = { topic, key: "§key", value, receivedAtMs: 0 };
      const shown = [
        maskValue(topic, value, undefined).text ?? "",
        searchTextOf(record, { reason: "crash" }),
        JSON.stringify(maskKey(record)),
        JSON.stringify(maskData(topic, data)),
      ];
      expect(shown.filter((text) => text.includes("§"))).toEqual([]);
    }),
    cases(300),
  );
});

it.each([
  ["text", "555-0100", "•••"],
  ["nothing", null, "•••"],
  ["a number", 5550100, "••• number"],
  ["a truth value", false, "••• boolean"],
  ["a list", ["a"], "••• list"],
  ["an object", { a: 1 }, "••• object"],
  ["text that reads like the mask of a number", "••• number", "•••"],
])("%s that nobody may see is masked with its type alone", (_, phone, mask) => {
  const topic = "device.elt.profile.updated";
  expect(JSON.parse(maskValue(topic, JSON.stringify({ data: { name: phone } }), undefined).text ?? "").data.name).toBe(
    mask,
  );
  expect(maskData(topic, { phone })).toEqual({ "•••1": mask });
});

it("a value of the wrong type in a declared place is masked with its type", () => {
  const data = { online: "yes", mode: 3, indoorTemperatureC: { c: 20 }, equipment: "fan" };
  expect(maskData("device.elt.status.reported", data)).toEqual({
    online: "•••",
    mode: "••• number",
    indoorTemperatureC: "••• object",
    equipment: "•••",
  });
});

it("a masked value is JSON, and has the same shape where that is declared", () => {
  fc.assert(
    fc.property(fc.constantFrom(...topics), fc.oneof(fc.json(), fc.string()), (topic, value) => {
      expect(() => JSON.parse(maskValue(topic, value, undefined).text ?? "null")).not.toThrow();
    }),
  );
  expect(maskValue("device.elt.status.reported", null, undefined)).toEqual({ text: null });
});

it("a value that is nested too deeply is masked and not walked", () => {
  const deep = `{"data":${"[".repeat(5_000)}${"]".repeat(5_000)}}`;
  expect(maskValue("device.elt.status.reported", deep, undefined).text).toBe('{"data":"••• list"}');
});

it("a fault's message is shown without its quotations", () => {
  const error = { name: "SyntaxError", message: `Unexpected token 'a', "ann@example.com" is not \`valid\` JSON "and` };
  expect(JSON.stringify(maskFailure("t", { reason: "fault", error }))).not.toMatch(/ann|valid|and/);
});
