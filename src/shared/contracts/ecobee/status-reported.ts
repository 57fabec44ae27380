import { defineContract } from "../define.ts";
import { statusReported } from "../entities/status.ts";

export const ecobeeStatusReported = defineContract({
  topic: "device.ecobee.status.reported",
  ...statusReported,
  example: {
    online: true,
    mode: "auto",
    indoorTemperatureC: 21.7,
    heatSetpointC: 20,
    coolSetpointC: 25,
    humidityPct: 41,
  },
});
