import * as z from "zod";
import { hasNoIssues, isSince1970, moment, time } from "./time.ts";

/** What every event has beside its data. */
export type Envelope<Data = unknown> = { eventId: string; occurredAt: string; deviceId: string; data: Data };

export const DeviceId = z
  .string()
  .max(64)
  .regex(/^[A-Za-z0-9._:-]{1,64}$/)
  .meta({ description: "Unique within its source." });

export const EventId = z
  .string()
  .min(1)
  .max(128)
  .refine(isPlainText, "Invalid string: must be well-formed text without control characters")
  .meta({ description: "Unique per source event; a repeated delivery has the same one." });

export const OccurredAt = time
  .refine((text) => isSince1970(moment(text)), {
    error: "Invalid time: must not be before 1970 UTC",
    when: hasNoIssues,
  })
  .meta({
    format: "date-time",
    description:
      "When it happened at the source, RFC 3339 with an offset. Of two events the one with the later time is newer, to the last digit.",
  });

/** One member of a source's values: the path to it, such as `device.id`, and the schema that reads it and writes it. */
export type Place = { readonly at: string; readonly as: z.ZodType<string> };

/** Where a source's values have the members of the envelope. What is not named is where Concord has it. */
export type EnvelopePlaces = {
  readonly eventId?: Place;
  readonly occurredAt?: Place;
  readonly deviceId?: Place;
  /** The path of the member with the data; `null`: the data's members stand beside the others, in the value itself. */
  readonly data?: string | null;
};

export type EnvelopeMember = "eventId" | "occurredAt" | "deviceId";

const OURS: Readonly<Record<EnvelopeMember, Place>> = {
  eventId: { at: "eventId", as: EventId },
  occurredAt: { at: "occurredAt", as: OccurredAt },
  deviceId: { at: "deviceId", as: DeviceId },
};

/** The same checks for a member that a source writes in its own way. */
const asOurs = ({ at, as }: Place, member: EnvelopeMember): Place =>
  as === OURS[member].as ? { at, as } : { at, as: as.pipe(OURS[member].as as z.ZodType<string, string>) };

export const placeOf = (member: EnvelopeMember, places: EnvelopePlaces = {}): Place =>
  asOurs(places[member] ?? OURS[member], member);

/** Where a value has its data: a path, or nothing if it is the value itself. */
export const dataPath = ({ data = "data" }: EnvelopePlaces = {}): readonly string[] =>
  data === null ? [] : path(data);

const path = (at: string): readonly string[] => at.split(".");

/** Where a value has its id, its time and its device. */
export const envelopePaths = (places?: EnvelopePlaces): (readonly string[])[] =>
  MEMBERS.map((member) => path(placeOf(member, places).at));

/**
 * The schema of a whole record value, which reads it as an envelope. Unknown members are ignored and not stored.
 */
export function toValueSchema<Data extends z.ZodType>(
  data: Data,
  places?: EnvelopePlaces,
): z.ZodType<Envelope<z.output<Data>>> {
  const value = places
    ? mapped(data, places)
    : z.object({ eventId: EventId, occurredAt: OccurredAt, deviceId: DeviceId, data });
  return value as unknown as z.ZodType<Envelope<z.output<Data>>>;
}

const MEMBERS = Object.keys(OURS) as EnvelopeMember[];

function mapped(data: z.ZodType, places: EnvelopePlaces): z.ZodType {
  const members = MEMBERS.map((member) => ({ member, ...placeOf(member, places) }));
  const inData = dataPath(places);
  const shape = new Map<string, z.ZodType>(members.map(({ at, as }) => [at, as]));
  const written =
    inData.length === 0
      ? z.intersection(objectOf(shape), data)
      : objectOf(new Map([...shape, [inData.join("."), data]]));
  const beside = new Set(members.map(({ at }) => path(at)[0] as string));
  return written.transform((value: unknown): Envelope => {
    const envelope = Object.fromEntries(members.map(({ member, at }) => [member, memberAt(value, path(at))]));
    const data = memberAt(value, inData) as Json;
    const own =
      inData.length > 0 ? data : Object.fromEntries(Object.entries(data).filter(([name]) => !beside.has(name)));
    return { ...(envelope as Omit<Envelope, "data">), data: own };
  });
}

/**
 * The value of an event in the form in which its source would have sent it. What cannot be written in that form stays as
 * it is, so that the contract says what is wrong with it.
 * @param envelope with its data in the source's own words
 */
export function writeValue(envelope: Envelope, places: EnvelopePlaces | undefined): Json {
  if (!places) return envelope;
  const inData = dataPath(places);
  const value: Json = inData.length === 0 ? { ...(envelope.data as Json) } : {};
  for (const member of MEMBERS) {
    const { at, as } = placeOf(member, places);
    const written = z.safeEncode(as, envelope[member]);
    put(value, path(at), written.success ? written.data : envelope[member]);
  }
  if (inData.length > 0) put(value, inData, envelope.data);
  return value;
}

export type Json = Record<string, unknown>;

/** An object schema whose members are at these paths, some of them in objects within it. */
function objectOf(shape: ReadonlyMap<string, z.ZodType>): z.ZodType {
  const members = new Map<string, z.ZodType | Map<string, z.ZodType>>();
  for (const [at, schema] of shape) {
    const [name = "", ...rest] = path(at);
    const inner = members.get(name);
    if (rest.length === 0) members.set(name, schema);
    else members.set(name, new Map([...(inner instanceof Map ? inner : []), [rest.join("."), schema]]));
  }
  return z.object(Object.fromEntries([...members].map(([name, of]) => [name, of instanceof Map ? objectOf(of) : of])));
}

/** The member of parsed JSON at a path; `undefined` if it is not there. */
export function memberAt(value: unknown, at: readonly string[]): unknown {
  let found = value;
  for (const name of at) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as Json)[name];
  }
  return found;
}

/** The value with another member at a path. It itself is not changed. @param value a JSON object */
export function withMember(value: object, at: readonly string[], content: unknown): object {
  const copy: Json = { ...value };
  put(copy, at, content);
  return copy;
}

function put(value: Json, [name = "", ...rest]: readonly string[], content: unknown): void {
  if (rest.length === 0) value[name] = content;
  else {
    const inner = { ...(value[name] as Json | undefined) };
    put(inner, rest, content);
    value[name] = inner;
  }
}

/** Whether D1, SQLite's JSON functions and JavaScript all preserve this text exactly. */
export function isPlainText(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is rejected here
  return text.isWellFormed() && !/[\u0000-\u001f\u007f]/.test(text);
}
