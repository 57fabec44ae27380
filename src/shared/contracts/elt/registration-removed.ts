import { defineContract } from "../define.ts";
import { registrationRemoved } from "../entities/registration.ts";

export const eltRegistrationRemoved = defineContract({
  topic: "device.elt.registration.removed",
  ...registrationRemoved,
  example: { reason: "site closed" },
});
