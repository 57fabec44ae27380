import { defineContract } from "../define.ts";
import { dealerUnassigned } from "../entities/dealer.ts";

export const infinityDealerUnassigned = defineContract({
  topic: "device.infinity.dealer.unassigned",
  ...dealerUnassigned,
  example: { reason: "contract ended" },
});
