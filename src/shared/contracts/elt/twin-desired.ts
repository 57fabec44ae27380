import { defineContract } from "../define.ts";
import { twinDesired } from "../entities/twin.ts";

export const eltTwinDesired = defineContract({
  topic: "device.elt.twin.desired",
  ...twinDesired,
  example: { mode: "auto", heatSetpointC: 20, coolSetpointC: 25 },
});
