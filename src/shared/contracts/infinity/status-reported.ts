import { defineContract } from "../define.ts";
import { statusReported } from "../entities/status.ts";

export const infinityStatusReported = defineContract({
  topic: "device.infinity.status.reported",
  ...statusReported,
  example: {
    online: true,
    mode: "heat",
    indoorTemperatureC: 20.5,
    heatSetpointC: 21,
    humidityPct: 38,
    equipment: ["furnace1", "fan"],
  },
});
