import { defineContract } from "../define.ts";
import { dealerUnassigned } from "../entities/dealer.ts";

export const eltDealerUnassigned = defineContract({
  topic: "device.elt.dealer.unassigned",
  ...dealerUnassigned,
  example: { reason: "moved out of territory" },
});
