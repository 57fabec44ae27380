import type { DesiredState } from "#domain/change.ts";
import type { Twin } from "#domain/twin.ts";
import { builder } from "./builder.ts";
import { Mode } from "./status-report.ts";
import { WHO } from "./who.ts";

const TwinState = builder.objectRef<DesiredState>("TwinState").implement({
  description: "A state that can be desired of a device. What is null is left to the device.",
  fields: (t) => ({
    mode: t.expose("mode", { type: Mode, nullable: true, description: "The operating mode." }),
    heatSetpointC: t.exposeFloat("heatSetpointC", { nullable: true, description: "Degrees Celsius." }),
    coolSetpointC: t.exposeFloat("coolSetpointC", { nullable: true, description: "Degrees Celsius." }),
  }),
});

export const DeviceTwin = builder.objectRef<Twin>("DeviceTwin").implement({
  description: "The desired state of a device, its reported state and the difference.",
  fields: (t) => ({
    version: t.exposeString("version", {
      nullable: true,
      description:
        "The version of the desired state; null if there is none. `setDesiredState` takes it as `expectedVersion`.",
    }),
    desired: t.expose("desired", { type: TwinState, nullable: true, description: "Null until a state is desired." }),
    desiredAt: t.expose("desiredAt", {
      type: "DateTime",
      nullable: true,
      description: "When it was desired; null until a state is desired.",
    }),
    desiredBy: t.exposeString("desiredBy", { nullable: true, description: WHO }),
    reported: t.expose("reported", { type: TwinState, nullable: true, description: "Null until the device reports." }),
    delta: t.expose("delta", {
      type: TwinState,
      nullable: true,
      description: "What is desired and not reported; null if the report matches all that is desired.",
    }),
  }),
});

export const DesiredStateInput = builder.inputType("DesiredStateInput", {
  description: "The whole desired state, which replaces the one before. What is absent or null is left to the device.",
  fields: (t) => ({
    mode: t.field({ type: Mode, description: "The desired operating mode." }),
    heatSetpointC: t.float({ description: "Degrees Celsius, from 5 to 35 and not above `coolSetpointC`." }),
    coolSetpointC: t.float({ description: "Degrees Celsius, from 5 to 35." }),
  }),
});
