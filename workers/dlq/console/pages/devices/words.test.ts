import { expect, it } from "vitest";
import { exampleOf } from "../../../../../src/shared/contracts/describe.ts";
import { CONTRACTS } from "../../../../../src/shared/contracts/index.ts";
import { aboutOf, dataLine } from "./words.ts";

const lineOf = (topic: string) => dataLine(CONTRACTS.find((contract) => contract.topic === topic)?.example);

it.each([
  ["device.infinity.status.reported", "heat · 20.5 °C · 38 % · furnace1, fan"],
  ["device.elt.alert.raised", "LOW-REFRIGERANT · warning · Suction pressure below limit · alert id A-90417"],
  ["device.ecobee.twin.desired", "cool · cool setpoint 24 °C"],
  ["device.ecobee.alert.cleared", "filter changed · acknowledge ref 5dfa1b0c2e3f4a5b"],
])("an event of %s is said in a line", (topic, line) => {
  expect(lineOf(topic)).toBe(line);
});

it("every contract's example is said in a line that names no object", () => {
  for (const contract of CONTRACTS) expect(dataLine(exampleOf(contract).data)).not.toMatch(/\[object|undefined/);
});

it("a record without a value, and a topic of another grammar, are said too", () => {
  expect(dataLine(null)).toBe("no value");
  expect(aboutOf("something")).toEqual(["other", "something"]);
});
