import * as z from "zod";
import type { Severity } from "#domain/change.ts";
import { defineContract } from "../define.ts";
import { id, text } from "../fields.ts";

/** ecobee sends its own published Alert object (developer.ecobee.com, "Alert"), which is mapped to our change here. */
export const ecobeeAlertRaised = defineContract({
  topic: "device.ecobee.alert.raised",
  summary: "A thermostat raised an alert or a reminder.",
  data: z.object({
    acknowledgeRef: id,
    alertNumber: z.int(),
    severity: z.enum(["low", "medium", "high"]),
    text: text(500),
    alertType: z.enum(["alert", "demandResponse", "emergency", "message", "pricing"]),
    notificationType: text(64).optional(),
    date: z.iso.date().max(10),
    time: z.iso.time({ precision: 0 }).max(8),
  }),
  // `date` and `time` are the thermostat's wall clock without a zone, so they cannot say when in UTC the alert was
  // raised: the event's own time does. They stay readable in the device's history.
  toChange: ({ acknowledgeRef, alertNumber, severity, text }) => ({
    alert: {
      alertId: acknowledgeRef,
      details: { code: String(alertNumber), severity: SEVERITY[severity], text },
      progress: { kind: "raised" },
    },
  }),
  example: {
    acknowledgeRef: "5dfa1b0c2e3f4a5b",
    alertNumber: 3140,
    severity: "high",
    text: "Your thermostat has detected low heat. Your furnace may need service.",
    alertType: "alert",
    notificationType: "lowTemp",
    date: "2026-11-23",
    time: "07:58:30",
  },
});

const SEVERITY: Record<"low" | "medium" | "high", Severity> = { low: "info", medium: "warning", high: "critical" };
