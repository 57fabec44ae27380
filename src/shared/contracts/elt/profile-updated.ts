import { defineContract } from "../define.ts";
import { profileUpdated } from "../entities/profile.ts";

export const eltProfileUpdated = defineContract({
  topic: "device.elt.profile.updated",
  ...profileUpdated,
  example: { name: "Waiting room", firmware: "3.8.1", features: ["economizer"] },
});
