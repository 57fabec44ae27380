import { expect, it } from "vitest";
import { deviceKeyOf, SOURCES } from "#domain/event.ts";
import { SOURCE_TRAITS } from "#domain/sources.ts";
import { acknowledgementEvent, commandProblems, desiredStateEvent } from "./commands.ts";
import type { Contract } from "./define.ts";
import { CONTRACTS, findContract } from "./index.ts";

it("each source's commands pass its own contracts", () => {
  for (const source of SOURCES) {
    const { takes } = SOURCE_TRAITS[source];
    const key = deviceKeyOf(source, "1");
    const events = [
      ...(takes.acknowledgeAlert ? [acknowledgementEvent(key, "A-1")] : []),
      ...(takes.setDesiredState ? [desiredStateEvent(key, { mode: "heat", heatSetpointC: 20 })] : []),
    ];
    for (const { topic, data } of events) {
      const contract = findContract(topic, 0) as Contract;
      const change = contract.toChange(contract.data.parse(data));
      expect(change.alert?.alertId ?? change.desired?.heatSetpointC).toBeOneOf(["A-1", 20]);
    }
  }
});

it("what a source says of its commands and what its contracts have is compared at the start", () => {
  expect(commandProblems(CONTRACTS, SOURCE_TRAITS)).toEqual([]);
  const without = CONTRACTS.filter(({ topic }) => topic !== "device.elt.twin.desired");
  expect(commandProblems(without, SOURCE_TRAITS)).toEqual([
    "src/shared/contracts/elt/source.ts says that it takes setDesiredState, and no contract beside it has `desires`: add one, or say false.",
  ]);
  const silent = { ...SOURCE_TRAITS, elt: { title: "ELT", takes: { acknowledgeAlert: false, setDesiredState: true } } };
  expect(commandProblems(CONTRACTS, silent as never)).toEqual([
    "src/shared/contracts/elt/source.ts says that it takes no acknowledgeAlert, and device.elt.alert.acknowledged has `acknowledges`: remove one of the two.",
  ]);
  const twice = [...CONTRACTS, findContract("device.elt.twin.desired", 0) as Contract];
  expect(commandProblems(twice, SOURCE_TRAITS)).toHaveLength(1);
});
