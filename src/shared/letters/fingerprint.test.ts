import { expect, it } from "vitest";
import { fingerprintOf, foldPath, signatureOf } from "./fingerprint.ts";
import type { Failure } from "./letter.ts";

const TOPIC = "device.elt.status.reported";

const mismatch = (...issues: [code: string, path: string, message?: string][]): Failure => ({
  reason: "schema_mismatch",
  issues: issues.map(([code, path, message = "secret"]) => ({ code, path, message })),
});

it.each<[string, Failure, string]>([
  ["where and how it broke", mismatch(["invalid_type", "data.online"]), "invalid_type at data.online"],
  ["places of lists folded", mismatch(["too_big", "data.equipment.31"]), "too_big at data.equipment[]"],
  ["one place once", mismatch(["a", "data.equipment.1"], ["a", "data.equipment.2"]), "a at data.equipment[]"],
  ["no member that the contract does not know", mismatch(["x", "data.ann@example.com"]), "x at data.*"],
  ["the whole value", mismatch(["invalid_type", ""]), "invalid_type at value"],
])("a signature names %s", (_, failure, cause) => {
  expect(signatureOf(TOPIC, failure)).toBe(`${TOPIC} · schema_mismatch · ${cause}`);
});

it("does not depend on the order of the issues, nor on their messages", () => {
  const a = mismatch(["a", "data.mode", "1"], ["b", "data.online", "2"]);
  const b = mismatch(["b", "data.online", "3"], ["a", "data.mode", "4"]);
  expect(signatureOf(TOPIC, a)).toBe(signatureOf(TOPIC, b));
});

it("counts the issues beyond those that it names", () => {
  const issues = ["online", "mode", "humidityPct", "equipment", "coolSetpointC", "heatSetpointC", "nowhere"];
  expect(signatureOf(TOPIC, mismatch(...issues.map((name): [string, string] => ["x", `data.${name}`])))).toMatch(
    /, 2 more$/,
  );
});

it("identifies a fault by its name, and contains nothing that a client wrote", () => {
  const error = { name: "TypeError", message: "ann@example.com" };
  expect(signatureOf("x".repeat(9_999), { reason: "fault", error })).toBe("no topic · fault · TypeError");
  expect(signatureOf("ann@example.com", { reason: "unknown_topic", topic: "ann@example.com" })).toBe(
    "no topic · unknown_topic",
  );
});

it("distinguishes two faults of one name by where they were thrown", () => {
  const at = (name: string | undefined) =>
    signatureOf(TOPIC, { reason: "fault", error: { name: "TypeError", message: "m", at: name } });
  expect([at("joinDevices"), at(undefined)]).toEqual([
    `${TOPIC} · fault · TypeError in joinDevices`,
    `${TOPIC} · fault · TypeError`,
  ]);
});

it("folds by the contract of an alias too, and knows nothing of unknown topics", () => {
  expect(foldPath("device.elt.no.such", "data.online")).toBe("*");
  expect(foldPath(TOPIC, "data.equipment.0.inner")).toBe("data.equipment[].*");
});

it("a fingerprint is sixteen hex digits, equal for equal signatures alone", async () => {
  expect(await fingerprintOf("a")).toMatch(/^[0-9a-f]{16}$/);
  expect(await fingerprintOf("a")).toBe(await fingerprintOf("a"));
  expect(await fingerprintOf("a")).not.toBe(await fingerprintOf("b"));
});
