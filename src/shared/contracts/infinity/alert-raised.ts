import { defineContract } from "../define.ts";
import { alertRaised } from "../entities/alert.ts";

export const infinityAlertRaised = defineContract({
  topic: "device.infinity.alert.raised",
  ...alertRaised,
  example: {
    alertId: "A-88121",
    code: "FLT-178",
    severity: "critical",
    text: "Indoor unit does not answer",
    raisedAt: "2026-11-23T12:58:30Z",
  },
});
