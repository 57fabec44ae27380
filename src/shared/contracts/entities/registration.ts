import * as z from "zod";
import type { Change } from "#domain/change.ts";
import { customer, id, location, reason, text } from "../fields.ts";
import { moment, time } from "../time.ts";

const created = z.object({
  model: text(64),
  serialNumber: id,
  firmware: text(64).optional(),
  registeredAt: time,
  customer: customer.optional(),
  location: location.optional(),
});

export const registrationCreated = {
  summary: "A device was registered, optionally with its customer and location.",
  data: created,
  toChange: ({ customer, registeredAt, ...device }: z.output<typeof created>): Change => ({
    registration: { kind: "registered", ...device, registeredAt: moment(registeredAt) },
    ...(customer && { customer }),
  }),
  // On a compacted topic, a record without a value deletes a device's registration.
  tombstone: { registration: { kind: "removed" } } satisfies Change,
};

export const registrationRemoved = {
  summary: "A device was taken out of service; it reads as RETIRED.",
  data: reason,
  toChange: ({ reason: why }: z.output<typeof reason>): Change => ({
    registration: { kind: "removed", ...(why !== undefined && { reason: why }) },
  }),
};
