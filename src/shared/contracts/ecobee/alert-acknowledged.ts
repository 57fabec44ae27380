import * as z from "zod";
import { defineContract } from "../define.ts";
import { id } from "../fields.ts";

export const ecobeeAlertAcknowledged = defineContract({
  topic: "device.ecobee.alert.acknowledged",
  summary: "Somebody answered an alert at the thermostat; `unacknowledged` takes an earlier answer back.",
  data: z.object({
    acknowledgeRef: id,
    acknowledgement: z.enum(["accept", "decline", "defer", "unacknowledged"]),
  }),
  toChange: ({ acknowledgeRef, acknowledgement }) => ({
    alert: {
      alertId: acknowledgeRef,
      acknowledgement:
        acknowledgement === "unacknowledged" ? { kind: "unacknowledged" } : { kind: "acknowledged", acknowledgement },
    },
  }),
  acknowledges: (acknowledgeRef) => ({ acknowledgeRef, acknowledgement: "accept" as const }),
  example: { acknowledgeRef: "5dfa1b0c2e3f4a5b", acknowledgement: "accept" },
});
