import { defineContract } from "../define.ts";
import { registrationCreated } from "../entities/registration.ts";

export const infinityRegistrationCreated = defineContract({
  topic: "device.infinity.registration.created",
  ...registrationCreated,
  example: {
    model: "SYSTXCCITC01",
    serialNumber: "2318W012345",
    firmware: "14.02",
    registeredAt: "2026-03-02T09:15:00Z",
    customer: { customerId: "C-1001", name: "Nordic Foods", email: "facilities@nordic.example" },
    location: {
      country: "US",
      region: "Minnesota",
      city: "Duluth",
      postalCode: "55802",
      timeZone: "America/Chicago",
      latitude: 46.78,
      longitude: -92.1,
    },
  },
});
