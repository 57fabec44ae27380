import { defineContract } from "../define.ts";
import { alertRaised } from "../entities/alert.ts";

export const eltAlertRaised = defineContract({
  topic: "device.elt.alert.raised",
  ...alertRaised,
  example: { alertId: "A-90417", code: "LOW-REFRIGERANT", severity: "warning", text: "Suction pressure below limit" },
});
