import { defineContract } from "../define.ts";
import { registrationCreated } from "../entities/registration.ts";

export const ecobeeRegistrationCreated = defineContract({
  topic: "device.ecobee.registration.created",
  ...registrationCreated,
  example: {
    model: "nikeSmart",
    serialNumber: "318324702718",
    firmware: "4.8.7.18",
    registeredAt: "2026-03-02T09:15:00Z",
    customer: { customerId: "C-3300", name: "Queen Street Books", email: "office@queenbooks.example" },
    location: { country: "CA", region: "Ontario", city: "Toronto", timeZone: "America/Toronto" },
  },
});
