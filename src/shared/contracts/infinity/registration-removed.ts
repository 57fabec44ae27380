import { defineContract } from "../define.ts";
import { registrationRemoved } from "../entities/registration.ts";

export const infinityRegistrationRemoved = defineContract({
  topic: "device.infinity.registration.removed",
  ...registrationRemoved,
  example: { reason: "replaced under warranty" },
});
