import { expect, it } from "vitest";
import { exampleValue } from "#contracts/describe.ts";
import { CONTRACTS } from "#contracts/index.ts";
import { dataLine, splitTopic } from "./words.ts";

const lineOf = (topic: string) => dataLine(CONTRACTS.find((contract) => contract.topic === topic)?.example);

it.each([
  ["device.infinity.status.reported", "heat · 20.5 °C · 38 % · furnace1, fan"],
  ["device.elt.alert.raised", "LOW-REFRIGERANT · warning · Suction pressure below limit · alert id A-90417"],
  ["device.ecobee.twin.desired", "cool · cool setpoint 24 °C"],
  ["device.ecobee.alert.cleared", "filter changed · acknowledge ref 5dfa1b0c2e3f4a5b"],
])("the data of an event of %s is shown in one line", (topic, line) => {
  expect(lineOf(topic)).toBe(line);
});

it("every contract's example has a line of plain values", () => {
  for (const contract of CONTRACTS) expect(dataLine(exampleValue(contract).data)).not.toMatch(/\[object|undefined/);
});

it("a record without a value and a topic of another grammar have a line too", () => {
  expect(dataLine(null)).toBe("no value");
  expect(splitTopic("something")).toEqual(["other", "something"]);
});
