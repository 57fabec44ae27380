import { defineContract } from "../define.ts";
import { twinDesired } from "../entities/twin.ts";

export const infinityTwinDesired = defineContract({
  topic: "device.infinity.twin.desired",
  ...twinDesired,
  example: { mode: "heat", heatSetpointC: 20.5 },
});
