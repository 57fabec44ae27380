import { defineContract } from "../define.ts";
import { twinDesired } from "../entities/twin.ts";

export const ecobeeTwinDesired = defineContract({
  topic: "device.ecobee.twin.desired",
  ...twinDesired,
  example: { mode: "cool", coolSetpointC: 24 },
});
