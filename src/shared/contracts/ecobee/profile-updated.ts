import { defineContract } from "../define.ts";
import { profileUpdated } from "../entities/profile.ts";

export const ecobeeProfileUpdated = defineContract({
  topic: "device.ecobee.profile.updated",
  ...profileUpdated,
  example: { name: "Shop floor", firmware: "4.8.7.18", features: ["remoteSensors", "voice"] },
});
