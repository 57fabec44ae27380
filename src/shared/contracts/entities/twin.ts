import * as z from "zod";
import type { Actor, Change, DesiredState } from "#domain/change.ts";
import { actor, mode } from "../fields.ts";

/** Limits of a setpoint. Our choice: a typing error must neither freeze a house nor overheat it. */
const MIN_C = 5;
const MAX_C = 35;
const setpointC = z.number().min(MIN_C).max(MAX_C);

const desired = z
  .object({
    mode: mode.optional(),
    heatSetpointC: setpointC.meta({ description: "Not above `coolSetpointC`." }).optional(),
    coolSetpointC: setpointC.optional(),
    by: actor.optional(),
  })
  .refine(({ heatSetpointC, coolSetpointC }) => (heatSetpointC ?? MIN_C) <= (coolSetpointC ?? MAX_C), {
    path: ["heatSetpointC"],
    message: "Invalid input: must not be above coolSetpointC",
  });

export const twinDesired = {
  version: 2,
  earlier: [{ version: 1, changed: "`by` may say who desired it." }],
  summary: "A device's desired state. Each event replaces the whole desired state.",
  data: desired,
  toChange: (state: z.output<typeof desired>): Change => ({ desired: state }),
  desires: (state: DesiredState, by?: Actor) => ({ ...state, ...(by && { by }) }),
};
