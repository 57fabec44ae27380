import * as z from "zod";
import { type Difference, describeDifference } from "#archive/compare/difference.ts";
import { alertCleared, alertRaised } from "#contracts/entities/alert.ts";
import { profileUpdated } from "#contracts/entities/profile.ts";
import { registrationCreated, registrationRemoved } from "#contracts/entities/registration.ts";
import { statusReported } from "#contracts/entities/status.ts";
import { twinDesired } from "#contracts/entities/twin.ts";
import { actor, customer, dealer, id, text } from "#contracts/fields.ts";
import { maskBy, maskData, maskOf } from "#letters/mask.ts";
import type { DifferenceJson } from "#ops/archive-verification.ts";

/** A difference as operators may see it: personal values are masked, as in the JSON of a device. */
export const toDifferenceJson = (difference: Difference): DifferenceJson => ({
  place: difference.place,
  subject: difference.subject,
  path: difference.path,
  cause: difference.cause,
  live: maskedSide(difference, difference.live),
  archived: maskedSide(difference, difference.archived),
  sentence: describeDifference(difference),
});

/** Nothing stays `null`: a mask would say that there is a value. */
function maskedSide({ place, part, path, topic }: Difference, value: unknown): unknown {
  if (value === null || place === "deviceCount" || place === "alertCount") return value;
  // Versions are times and ids of events, which a device's history shows too.
  if (path === "latest.version" || path === `${part}.version` || path === "version") return value;
  const members = path === part || path === "*" ? [] : path.slice(part.length + 1).split(".");
  return pluck(mask(place, part, topic, nest(members, value)), members);
}

function mask(place: Difference["place"], part: string, topic: string | undefined, value: unknown): unknown {
  if (place === "history") return topic === undefined ? maskOf(value) : maskData(topic, value);
  if (place === "assignment") return maskBy(id.nullable(), value);
  const schema = schemaOf(place, part);
  return schema ? maskBy(schema, value) : maskOf(value);
}

function schemaOf(place: Difference["place"], part: string): z.ZodType | undefined {
  if (place === "dealer" || place === "customer") return part === "name" ? PARTIES[place].shape.name : PARTIES[place];
  if (part.endsWith("].columns")) return ALERT_COLUMNS;
  return place === "alert" ? ALERT_PARTS[part.slice(part.lastIndexOf(".") + 1)] : DEVICE_PARTS[part];
}

const PARTIES = { dealer, customer };
const registration = z.object({
  ...registrationCreated.data.shape,
  ...registrationRemoved.data.shape,
  kind: z.enum(["registered", "removed"]),
});
const word = text(64);

const DEVICE_PARTS: Readonly<Record<string, z.ZodType>> = {
  "aspects.registration": registration,
  "aspects.customer": z.object({ customerId: id }),
  "aspects.dealer": z.object({ dealerId: id.nullable() }),
  "aspects.profile": profileUpdated.data,
  "aspects.status": statusReported.data,
  "aspects.desired": twinDesired.data,
  columns: z.object({
    status: word,
    serialNumber: registrationCreated.data.shape.serialNumber,
    dealerId: id.nullable(),
    customerId: id.nullable(),
    registeredAt: word,
    updatedOn: word,
  }),
  search: z.object({
    name: profileUpdated.data.shape.name,
    serial: registrationCreated.data.shape.serialNumber,
    customer: customer.shape.name,
    owner: text(500),
  }),
};

const ALERT_PARTS: Readonly<Record<string, z.ZodType>> = {
  details: alertRaised.data,
  progress: z.object({ ...alertCleared.data.shape, kind: z.enum(["raised", "cleared"]) }),
  acknowledgement: z.object({
    kind: z.enum(["acknowledged", "unacknowledged"]),
    acknowledgement: word,
    by: actor.optional(),
  }),
};
const ALERT_COLUMNS = z.object({ state: word, severity: word, raisedAt: word });

const nest = (members: readonly string[], value: unknown): unknown =>
  members.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);

/** A member that no schema declares has another name in the masked copy, and is masked as a whole. */
function pluck(value: unknown, members: readonly string[]): unknown {
  let found = value;
  for (const name of members) {
    if (typeof found !== "object" || found === null) return found;
    const inner: Readonly<Record<string, unknown>> = { ...found };
    found = Object.hasOwn(inner, name) ? inner[name] : Object.values(inner)[0];
  }
  return found;
}
