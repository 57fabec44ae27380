import type { Actor, DesiredState } from "#domain/change.ts";
import { type DeviceKey, SOURCES, type Source, sourceOf } from "#domain/event.ts";
import type { DeviceCommand } from "#domain/source-traits.ts";
import { SOURCE_TRAITS } from "#domain/sources.ts";
import type { Contract } from "./define.ts";
import { CONTRACTS } from "./index.ts";

/** The topic and data of a command's event, before it has an id and a time. */
export type CommandEvent = { readonly topic: string; readonly data: unknown };

/**
 * The event that acknowledges an alert, in the form of its device's source.
 * @throws Error if the source takes no acknowledgement: the caller asks `takesCommand` first
 */
export function acknowledgementEvent(deviceKey: DeviceKey, alertId: string, by?: Actor): CommandEvent {
  const { topic, acknowledges } = contractFor(sourceOf(deviceKey), "acknowledgeAlert");
  return { topic, data: acknowledges?.(alertId, by) };
}

/**
 * The event that sets a desired state, likewise.
 * @throws Error if the source takes no desired state
 */
export function desiredStateEvent(deviceKey: DeviceKey, desired: DesiredState, by?: Actor): CommandEvent {
  const { topic, desires } = contractFor(sourceOf(deviceKey), "setDesiredState");
  return { topic, data: desires?.(desired, by) };
}

/** The member of a contract whose topic carries a command. */
const MEMBERS = { acknowledgeAlert: "acknowledges", setDesiredState: "desires" } as const satisfies Record<
  DeviceCommand,
  keyof Contract
>;

function contractFor(source: Source, command: DeviceCommand): Contract {
  const contract = carriersOf(CONTRACTS, source, command)[0];
  if (!contract) throw new Error(`${source} takes no ${command}: src/shared/contracts/${source}/source.ts says so.`);
  return contract;
}

const carriersOf = (contracts: readonly Contract[], source: Source, command: DeviceCommand): Contract[] =>
  contracts.filter((contract) => contract.source === source && contract[MEMBERS[command]] !== undefined);

/** What sources say of the commands that they take, and their contracts do not bear out; in words that say what to do. */
export function commandProblems(contracts: readonly Contract[], traits: typeof SOURCE_TRAITS): string[] {
  return SOURCES.flatMap((source) =>
    (Object.keys(MEMBERS) as DeviceCommand[]).flatMap((command) => {
      const member = MEMBERS[command];
      const topics = carriersOf(contracts, source, command).map(({ topic }) => topic);
      const where = `src/shared/contracts/${source}/source.ts`;
      if (topics.length > 1) return [`${topics.join(" and ")} both have \`${member}\`: leave it to one of them.`];
      if (traits[source].takes[command] && topics.length === 0)
        return [
          `${where} says that it takes ${command}, and no contract beside it has \`${member}\`: add one, or say false.`,
        ];
      if (!traits[source].takes[command] && topics.length > 0)
        return [
          `${where} says that it takes no ${command}, and ${topics[0]} has \`${member}\`: remove one of the two.`,
        ];
      return [];
    }),
  );
}

// Said when a Worker starts, and not to the first caller.
const problems = commandProblems(CONTRACTS, SOURCE_TRAITS);
if (problems.length > 0) throw new Error(problems.join("\n"));
