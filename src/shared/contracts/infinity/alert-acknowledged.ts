import { defineContract } from "../define.ts";
import { alertAcknowledged } from "../entities/alert.ts";

export const infinityAlertAcknowledged = defineContract({
  topic: "device.infinity.alert.acknowledged",
  ...alertAcknowledged,
  example: { alertId: "A-88121" },
});
