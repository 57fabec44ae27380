import * as z from "zod";
import { defineContract } from "../define.ts";
import { clearChange } from "../entities/alert.ts";
import { id, text } from "../fields.ts";

export const ecobeeAlertCleared = defineContract({
  topic: "device.ecobee.alert.cleared",
  summary: "An alert's cause is gone.",
  data: z.object({ acknowledgeRef: id, resolution: text(500).optional() }),
  toChange: ({ acknowledgeRef, resolution }) => clearChange(acknowledgeRef, resolution),
  example: { acknowledgeRef: "5dfa1b0c2e3f4a5b", resolution: "filter changed" },
});
