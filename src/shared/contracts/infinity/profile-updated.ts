import { defineContract } from "../define.ts";
import { profileUpdated } from "../entities/profile.ts";

export const infinityProfileUpdated = defineContract({
  topic: "device.infinity.profile.updated",
  ...profileUpdated,
  example: { name: "Cold store, north wall", firmware: "14.02", features: ["humidifier", "zoning"] },
});
