import { defineContract } from "../define.ts";
import { alertCleared } from "../entities/alert.ts";

export const eltAlertCleared = defineContract({
  topic: "device.elt.alert.cleared",
  ...alertCleared,
  example: { alertId: "A-90417", resolution: "recharged" },
});
