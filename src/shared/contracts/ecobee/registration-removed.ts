import { defineContract } from "../define.ts";
import { registrationRemoved } from "../entities/registration.ts";

export const ecobeeRegistrationRemoved = defineContract({
  topic: "device.ecobee.registration.removed",
  ...registrationRemoved,
  example: { reason: "account closed" },
});
