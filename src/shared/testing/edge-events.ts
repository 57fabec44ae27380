import { toJsonSchema } from "#contracts/describe.ts";
import { casesOf } from "#contracts/evolution/cases.ts";
import { CONTRACTS } from "#contracts/index.ts";
import { type BuiltRecord, type EventData, safeBuildRecord, type Topic } from "#contracts/produce.ts";
import { toMoment } from "#domain/time.ts";
import { START_MS } from "./builders.ts";

/** An event at an edge of its contract, and what is special about it: "heatSetpointC is 35". */
export type EdgeEvent<T extends Topic = Topic> = { readonly about: string; readonly record: BuiltRecord<T> };

/**
 * Events of a topic at every edge of its contract: each optional member present and absent, each value of an enum, numbers
 * and texts at their bounds and in other scripts. For tests of code that reads events: `it.each(edgeEvents(topic))`, or
 * `fc.constantFrom(...edgeEvents(topic))` in a property.
 * @returns always the same, in the same order; one event a device, `edge-1` and so on
 */
export function edgeEvents<T extends Topic>(topic: T): EdgeEvent<T>[] {
  const contract = CONTRACTS.find((each) => each.topic === topic);
  const data = contract && toJsonSchema(contract).properties?.data;
  if (!data) throw new Error(`There is no contract for ${topic}: docs/contracts.md has all topics.`);
  return casesOf(data, contract.example).flatMap((drawn, i) => {
    const event = { deviceId: `edge-${i + 1}`, occurredAt: toMoment(START_MS), data: drawn.data as EventData[T] };
    // A schema cannot say that one member must not be above another: those cases the contract refuses.
    const built = safeBuildRecord(topic, event, START_MS);
    return built.ok ? [{ about: drawn.about, record: built.record }] : [];
  });
}
