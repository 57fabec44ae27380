import { defineContract } from "../define.ts";
import { dealerAssigned } from "../entities/dealer.ts";

export const infinityDealerSetup = defineContract({
  topic: "device.infinity.dealer.setup",
  ...dealerAssigned,
  example: {
    dealer: { dealerId: "D-7", name: "Arctic Air", phone: "+1 612 555 0134", website: "https://arctic-air.example" },
  },
});
