import type { Random } from "./random.ts";
import type { Fault } from "./record.ts";
import type { Envelope, Told } from "./tell.ts";

/** An event with the text of its record. */
export type Written = Told & { readonly value: string | null; readonly fault?: Fault };

export const write = (told: Told): Written => ({ ...told, value: JSON.stringify(told.envelope) });

type Spoiling = {
  readonly reason: Fault["reason"];
  readonly kind: string;
  /** The events that can have this fault; all, if absent. */
  readonly topics?: RegExp;
  readonly spoil: (envelope: Envelope) => string | null;
};

/** Gives `count` of the events a fault, every kind in turn. */
export function malform(events: readonly Written[], count: number, random: Random): Written[] {
  return spoilSome(events, count, { spoilings: MALFORMATIONS, random });
}

/** Sends `count` of the events from a clock that is wrong by decades. */
export function misdate(events: readonly Written[], count: number, random: Random): Written[] {
  const from2099: Spoiling = {
    reason: "clock_skew",
    kind: "the source's clock stands in 2099",
    topics: /status\.reported$/,
    spoil: (envelope) => JSON.stringify({ ...envelope, occurredAt: envelope.occurredAt.replace(/^\d{4}/, "2099") }),
  };
  return spoilSome(events, count, { spoilings: [from2099], random });
}

/** Makes `count` of the events use a topic that has no contract yet. */
export function speakUnknown(events: readonly Written[], count: number, random: Random): Written[] {
  const chosen = random
    .shuffle(events.map((_, i) => i).filter((i) => isPlainStatus(events[i] as Written)))
    .slice(0, count);
  const written = [...events];
  chosen.forEach((at, i) => {
    const { topic, data } = UNKNOWN[i % UNKNOWN.length] as (typeof UNKNOWN)[number];
    const event = events[at] as Written;
    const value = JSON.stringify({ ...event.envelope, data });
    written[at] = { ...event, topic, value, fault: { reason: "unknown_topic", kind: `no contract for ${topic}` } };
  });
  return written;
}

const isPlainStatus = ({ topic, fault }: Written): boolean => !fault && topic.endsWith("status.reported");

type SpoilOptions = { spoilings: readonly Spoiling[]; random: Random };

function spoilSome(events: readonly Written[], count: number, { spoilings, random }: SpoilOptions): Written[] {
  const written = [...events];
  const order = random.shuffle(events.map((_, i) => i));
  for (let i = 0; i < count; i++) {
    const { reason, kind, topics = /^/, spoil } = spoilings[i % spoilings.length] as Spoiling;
    const at = order.find((index) => !written[index]?.fault && topics.test(written[index]?.topic ?? ""));
    const event = at === undefined ? undefined : written[at];
    if (at === undefined || !event) continue;
    written[at] = { ...event, value: spoil(event.envelope), fault: { reason, kind } };
  }
  return written;
}

const json = (change: (envelope: Envelope) => unknown) => (envelope: Envelope) => JSON.stringify(change(envelope));
const dataWith = (members: object) => json((envelope) => ({ ...envelope, data: { ...envelope.data, ...members } }));

const MALFORMATIONS: readonly Spoiling[] = [
  // On a registration topic a tombstone is valid: it removes the device.
  { reason: "empty_value", kind: "tombstone", topics: /(?<!registration\.created)$/, spoil: () => null },
  { reason: "not_json", kind: "text cut off", spoil: (event) => JSON.stringify(event).slice(0, -17) },
  {
    reason: "not_json",
    kind: "NaN, which is not JSON",
    topics: /status\.reported$/,
    spoil: (event) =>
      JSON.stringify({ ...event, data: { ...event.data, humidityPct: 0 } }).replace(/("humidityPct":)0/, "$1NaN"),
  },
  { reason: "not_json", kind: "byte order mark in front", spoil: (event) => `\uFEFF${JSON.stringify(event)}` },
  { reason: "not_json", kind: "XML", spoil: ({ eventId }) => `<event id="${eventId}"/>` },
  { reason: "schema_mismatch", kind: "no eventId", spoil: json(({ eventId: _, ...event }) => event) },
  {
    reason: "schema_mismatch",
    kind: "occurredAt without offset",
    spoil: json((event) => ({ ...event, occurredAt: event.occurredAt.replace(/(Z|[+-]\d\d:\d\d)$/, "") })),
  },
  {
    reason: "schema_mismatch",
    kind: "occurredAt in seconds since 1970",
    spoil: json((event) => ({ ...event, occurredAt: Math.floor(Date.parse(event.occurredAt) / 1000) })),
  },
  {
    reason: "schema_mismatch",
    kind: "space in deviceId",
    spoil: json((event) => ({ ...event, deviceId: `${event.deviceId} B` })),
  },
  { reason: "schema_mismatch", kind: "no data", spoil: json(({ data: _, ...event }) => event) },
  { reason: "schema_mismatch", kind: "array instead of object", spoil: json((event) => [event]) },
  {
    reason: "schema_mismatch",
    kind: "mode that is not in the list",
    topics: /status\.reported$/,
    spoil: dataWith({ mode: "HEATING" }),
  },
  {
    reason: "schema_mismatch",
    kind: "number as string",
    topics: /status\.reported$/,
    spoil: dataWith({ indoorTemperatureC: "21.5" }),
  },
  {
    reason: "schema_mismatch",
    kind: "boolean as string",
    topics: /status\.reported$/,
    spoil: dataWith({ online: "true" }),
  },
  {
    reason: "schema_mismatch",
    kind: "alert text over 500 characters",
    topics: /alert\.raised$/,
    spoil: dataWith({ text: "Compressor locked out after repeated high-pressure trips. ".repeat(12) }),
  },
  {
    reason: "schema_mismatch",
    kind: "latitude out of range",
    topics: /registration\.created$/,
    spoil: dataWith({ location: { country: "US", city: "Duluth", latitude: 467.8, longitude: -92.1 } }),
  },
  { reason: "schema_mismatch", kind: "name is null", topics: /profile\.updated$/, spoil: dataWith({ name: null }) },
];

const UNKNOWN = [
  { topic: "device.elt.filter.unheardof", data: { filter: "MERV 13", hoursInUse: 2160 } },
  { topic: "device.nobody.status.reported", data: { online: true, mode: "heat", indoorTemperatureC: 20.5 } },
  { topic: "device.infinity.energy.metered", data: { kilowattHours: 14.2, periodMinutes: 60 } },
  { topic: "device.ecobee.schedule.updated", data: { weekdays: ["06:30", "22:00"] } },
] as const;
