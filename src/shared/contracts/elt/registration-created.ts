import { defineContract } from "../define.ts";
import { registrationCreated } from "../entities/registration.ts";

export const eltRegistrationCreated = defineContract({
  topic: "device.elt.registration.created",
  ...registrationCreated,
  example: {
    model: "ELT-450",
    serialNumber: "ELT45-00917",
    firmware: "3.8.1",
    registeredAt: "2026-03-02T09:15:00Z",
    customer: { customerId: "C-2040", name: "Hill Country Clinic", phone: "+1 512 555 0150" },
    location: { country: "US", region: "Texas", city: "Austin", timeZone: "America/Chicago" },
  },
});
