import { defineContract } from "../define.ts";
import { alertCleared } from "../entities/alert.ts";

export const infinityAlertCleared = defineContract({
  topic: "device.infinity.alert.cleared",
  ...alertCleared,
  example: { alertId: "A-88121", resolution: "bus cable reseated" },
});
