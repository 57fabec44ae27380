import { defineContract } from "../define.ts";
import { dealerAssigned } from "../entities/dealer.ts";

export const eltDealerAssigned = defineContract({
  topic: "device.elt.dealer.assigned",
  ...dealerAssigned,
  example: {
    dealer: {
      dealerId: "D-21",
      name: "Lone Star Comfort",
      phone: "+1 512 555 0110",
      email: "service@lonestar.example",
    },
  },
});
