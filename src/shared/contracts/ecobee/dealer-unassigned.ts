import { defineContract } from "../define.ts";
import { dealerUnassigned } from "../entities/dealer.ts";

export const ecobeeDealerUnassigned = defineContract({
  topic: "device.ecobee.dealer.unassigned",
  ...dealerUnassigned,
  example: { reason: "owner request" },
});
