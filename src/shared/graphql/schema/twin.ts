import type { DesiredState } from "../../domain/change.ts";
import type { Twin } from "../../domain/twin.ts";
import { builder } from "./builder.ts";
import { Mode } from "./status-report.ts";

const TwinState = builder.objectRef<DesiredState>("TwinState").implement({
  description: "What one can want of a device. What is null is left to the device.",
  fields: (t) => ({
    mode: t.expose("mode", { type: Mode, nullable: true, description: "What it is set, or to be set, to do." }),
    heatSetpointC: t.exposeFloat("heatSetpointC", { nullable: true, description: "Degrees Celsius." }),
    coolSetpointC: t.exposeFloat("coolSetpointC", { nullable: true, description: "Degrees Celsius." }),
  }),
});

export const DeviceTwin = builder.objectRef<Twin>("DeviceTwin").implement({
  description: "What people want a device to do, beside what it says that it does.",
  fields: (t) => ({
    version: t.exposeString("version", {
      nullable: true,
      description: "Of what is desired; null while nothing was. `setDesiredState` takes it as `expectedVersion`.",
    }),
    desired: t.expose("desired", { type: TwinState, nullable: true, description: "Null while nothing was desired." }),
    reported: t.expose("reported", { type: TwinState, nullable: true, description: "Null until the device reports." }),
    delta: t.expose("delta", {
      type: TwinState,
      nullable: true,
      description: "What is desired and not reported; null when the device does all that is desired.",
    }),
  }),
});

export const DesiredStateInput = builder.inputType("DesiredStateInput", {
  description: "All that is desired from now on: it replaces what was. What is absent or null is left to the device.",
  fields: (t) => ({
    mode: t.field({ type: Mode, description: "What it is to do." }),
    heatSetpointC: t.float({ description: "Degrees Celsius, from 5 to 35 and not above `coolSetpointC`." }),
    coolSetpointC: t.float({ description: "Degrees Celsius, from 5 to 35." }),
  }),
});
