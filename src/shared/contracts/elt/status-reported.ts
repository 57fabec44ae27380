import { defineContract } from "../define.ts";
import { statusReported } from "../entities/status.ts";

export const eltStatusReported = defineContract({
  topic: "device.elt.status.reported",
  ...statusReported,
  example: { online: true, mode: "cool", indoorTemperatureC: 24.1, coolSetpointC: 23, equipment: ["compressor1"] },
});
