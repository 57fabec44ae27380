import { takesCommand } from "#domain/command.ts";
import { SOURCES, type Source as SourceName } from "#domain/event.ts";
import type { DeviceCommand } from "#domain/source-traits.ts";
import { SOURCE_TRAITS } from "#domain/sources.ts";
import { builder } from "./builder.ts";

const values = Object.fromEntries(
  SOURCES.map((source) => [
    source.toUpperCase(),
    { value: source, description: `Devices whose events ${SOURCE_TRAITS[source].title} publishes.` },
  ]),
) as Record<Uppercase<SourceName>, { value: SourceName; description: string }>;

export const Source = builder.enumType("Source", {
  description: "The upstream system that publishes a device's events.",
  values,
});

const DESCRIPTIONS: Readonly<Record<DeviceCommand, string>> = {
  acknowledgeAlert: "`acknowledgeAlert` of its alerts.",
  setDesiredState: "`setDesiredState` of its twin.",
};

export const Command = builder.enumType("DeviceCommand", {
  description: "A mutation that some sources' devices take and others' do not.",
  values: {
    ACKNOWLEDGE_ALERT: { value: "acknowledgeAlert", description: DESCRIPTIONS.acknowledgeAlert },
    SET_DESIRED_STATE: { value: "setDesiredState", description: DESCRIPTIONS.setDesiredState },
  } as const,
});

export const COMMANDS = Object.keys(DESCRIPTIONS) as DeviceCommand[];

export const commandsOf = (source: SourceName): DeviceCommand[] =>
  COMMANDS.filter((command) => takesCommand(source, command));
