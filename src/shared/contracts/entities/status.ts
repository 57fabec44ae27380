import * as z from "zod";
import type { Change } from "#domain/change.ts";
import { mode, text } from "../fields.ts";

const temperatureC = z.number().min(-100).max(200);

const reported = z.object({
  online: z.boolean(),
  mode: mode.optional(),
  indoorTemperatureC: temperatureC.optional(),
  heatSetpointC: temperatureC.optional(),
  coolSetpointC: temperatureC.optional(),
  humidityPct: z.number().min(0).max(100).optional(),
  equipment: z.array(text(64)).max(32).optional(),
});

export const statusReported = {
  summary: "A device's status report. Each event has the whole report.",
  data: reported,
  toChange: (status: z.output<typeof reported>): Change => ({ status }),
};
