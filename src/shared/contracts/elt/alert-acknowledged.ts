import { defineContract } from "../define.ts";
import { alertAcknowledged } from "../entities/alert.ts";

export const eltAlertAcknowledged = defineContract({
  topic: "device.elt.alert.acknowledged",
  ...alertAcknowledged,
  example: { alertId: "A-90417" },
});
