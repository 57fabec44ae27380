import * as z from "zod";
import { defineContract } from "../define.ts";
import { actor, id } from "../fields.ts";

export const ecobeeAlertAcknowledged = defineContract({
  topic: "device.ecobee.alert.acknowledged",
  version: 2,
  earlier: [{ version: 1, changed: "`by` may say who answered it." }],
  summary: "Somebody answered an alert at the thermostat; `unacknowledged` takes an earlier answer back.",
  data: z.object({
    acknowledgeRef: id,
    acknowledgement: z.enum(["accept", "decline", "defer", "unacknowledged"]),
    by: actor.optional(),
  }),
  toChange: ({ acknowledgeRef, acknowledgement, by }) => ({
    alert: {
      alertId: acknowledgeRef,
      acknowledgement:
        acknowledgement === "unacknowledged"
          ? { kind: "unacknowledged" }
          : { kind: "acknowledged", acknowledgement, ...(by && { by }) },
    },
  }),
  acknowledges: (acknowledgeRef, by) => ({ acknowledgeRef, acknowledgement: "accept" as const, ...(by && { by }) }),
  example: { acknowledgeRef: "5dfa1b0c2e3f4a5b", acknowledgement: "accept" },
});
