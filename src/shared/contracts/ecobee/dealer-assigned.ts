import { defineContract } from "../define.ts";
import { dealerAssigned } from "../entities/dealer.ts";

export const ecobeeDealerAssigned = defineContract({
  topic: "device.ecobee.dealer.assigned",
  ...dealerAssigned,
  example: { dealer: { dealerId: "D-34", name: "Maple Heating", phone: "+1 416 555 0177" } },
});
