import type * as z from "zod";
import type { Change } from "#domain/change.ts";
import { canonicalText, sameContent } from "#domain/register.ts";
import type { Alias, Contract } from "../define.ts";
import { exampleEnvelope, type JsonSchema, toJsonSchema } from "../describe.ts";
import { dataPath, type Envelope, withMember, writeValue } from "../envelope.ts";
import { parseBy } from "../parse.ts";
import { casesOf } from "./cases.ts";

/**
 * One version of a topic as it was released: its schema, and events with what each was read as. It is kept as a file and
 * never changed, so that `npm run contracts:check` can compare what is read now with what was read then.
 */
export type ReleasedVersion = {
  readonly topic: string;
  readonly version: number;
  readonly aliases: readonly Alias[];
  /** What a record without a value did; `null` if it was refused. */
  readonly tombstone: Change | null;
  /** Whether it had checks that its JSON Schema does not express, across several members. */
  readonly isRefined: boolean;
  /** The path of the data in a value; empty if it is the value itself. */
  readonly dataAt: readonly string[];
  /** A whole value; without its data, if that stands in the value itself. */
  readonly example: object;
  /** Of the data. */
  readonly schema: JsonSchema;
  readonly events: readonly ReleasedEvent[];
};

export type ReleasedEvent = {
  /** What is special about it. */
  readonly about: string;
} & (
  | {
      /** Its data, in the value of the example. */
      readonly data: unknown;
      /** What the boundary and the consumer made of it. */
      readonly change: Change;
      /** What the device's history kept of its data, where that is not the data. */
      readonly kept?: unknown;
    }
  | {
      /** Members of its value that are not the example's. */
      readonly with: object;
      /** Its device, time and id. */
      readonly identity: string;
    }
);

/** The clock by which events are read: no event of a release is ahead of it. */
export const LATE_MS = Date.UTC(2100, 0);

export type ReadEvent = { readonly change: Change; readonly data: unknown; readonly identity: string };

/** What a contract makes of a value; `undefined` if it refuses it. @param version of the value; the current one if absent */
export function readBy(contract: Contract, value: unknown, version?: number): ReadEvent | undefined {
  const parsed = parsedBy(contract, value, version);
  if (!parsed.ok) return undefined;
  const { change, data, deviceKey, version: when } = parsed.event;
  return { change, data, identity: `${deviceKey} ${when}` };
}

const parsedBy = (contract: Contract, value: unknown, contractVersion: number | undefined) =>
  parseBy(contract, { topic: contract.topic, value: JSON.stringify(value), json: value, contractVersion }, LATE_MS);

/** Why a contract refuses a value: the code and the place of each issue. `undefined` if it accepts it. */
export function refusalOf(contract: Contract, value: unknown, version?: number): readonly string[] | undefined {
  const parsed = parsedBy(contract, value, version);
  if (parsed.ok) return undefined;
  const { rejection } = parsed;
  return rejection.reason === "schema_mismatch"
    ? rejection.issues.map(({ code, path }) => `${code} ${path}`)
    : [rejection.reason];
}

/** The whole value of a released event, as its producer wrote it. */
export function wholeValue(
  { example, dataAt }: Pick<ReleasedVersion, "example" | "dataAt">,
  event: ReleasedEvent,
): object {
  if ("with" in event) return { ...example, ...event.with };
  return dataAt.length > 0 ? withMember(example, dataAt, event.data) : { ...example, ...(event.data as object) };
}

/**
 * The current version of a contract, with an event for every edge of its schema.
 * @throws Error if the contract refuses all of them
 */
export function toReleased(contract: Contract): ReleasedVersion {
  const { topic, version, aliases, places } = contract;
  const schema = toJsonSchema({ value: contract.data });
  const envelope = exampleEnvelope(contract);
  const write = (more: Partial<Envelope>) => writeValue({ ...envelope, ...more }, places);
  const about = { topic, version, aliases, tombstone: contract.tombstone ?? null, isRefined: hasChecks(contract.data) };
  const dataAt = dataPath(places);
  const example = write(dataAt.length > 0 ? {} : { data: {} });
  const layout = { dataAt, example };
  const events = casesOf(schema, contract.example).flatMap((each): ReleasedEvent[] => {
    const read = readBy(contract, write({ data: each.data }));
    if (!read) return [];
    return [{ ...each, change: read.change, ...(!sameContent(read.data, each.data) && { kept: read.data }) }];
  });
  const envelopes = ENVELOPES.flatMap((more): ReleasedEvent[] => {
    const value = write(more);
    const read = readBy(contract, value);
    const others = Object.entries(value).filter(([name, member]) => !sameContent(member, example[name]));
    return read
      ? [{ about: Object.keys(more)[0] ?? "", with: Object.fromEntries(others), identity: read.identity }]
      : [];
  });
  if (events.length === 0) throw new Error(`${topic} refuses its own example, so there is nothing to compare later`);
  return { ...about, ...layout, schema, events: [...events, ...envelopes] };
}

/** Edges of what every value has beside its data. Those that a source cannot have are left out. */
const ENVELOPES: readonly Partial<Envelope>[] = [
  { eventId: "e".repeat(128) },
  { eventId: "Ω 1/ü 😀" },
  { occurredAt: "2026-11-23T13:00:00+05:30" },
  { occurredAt: "2026-11-23T13:00:00.123456789Z" },
  { occurredAt: "1970-01-01T00:00:00Z" },
  { deviceId: "d".repeat(64) },
  { deviceId: "a.b_c:d-1" },
];

/** Whether an object of the schema has checks of its own. */
function hasChecks(schema: z.ZodType): boolean {
  const { checks = [], type } = schema.def as { checks?: readonly unknown[]; type: string };
  const {
    shape = {},
    in: written,
    innerType,
  } = schema.def as {
    shape?: Record<string, z.ZodType>;
    in?: z.ZodType;
    innerType?: z.ZodType;
  };
  if (type === "object" && checks.length > 0) return true;
  return [...Object.values(shape), written, innerType].some((inner) => inner !== undefined && hasChecks(inner));
}

/** The text of a release's file: an event a line, so that a difference of two versions can be read. */
export function printReleased({ events, schema, ...about }: ReleasedVersion): string {
  const head = Object.entries(about).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)},`);
  const described = JSON.stringify(schema, null, 2).replaceAll("\n", "\n  ");
  const lines = events.map((event) => `    ${JSON.stringify(event, folded)}`).join(",\n");
  return `{\n${head.join("\n")}\n  "schema": ${described},\n  "events": [\n${lines}\n  ]\n}\n`;
}

export const parseReleased = (text: string): ReleasedVersion => JSON.parse(text, unfolded);

/** Text and lists that repeat one thing, as those at a limit do, are folded: a file of them would be unreadable. */
const FOLDED = 24;

function folded(_: string, value: unknown): unknown {
  if (typeof value === "string" && value.length >= FOLDED && value === (value[0] as string).repeat(value.length))
    return { $repeat: value[0], times: value.length };
  if (!Array.isArray(value) || value.length < FOLDED) return value;
  const first = canonicalText(value[0]);
  return value.every((each) => canonicalText(each) === first) ? { $each: value[0], times: value.length } : value;
}

function unfolded(_: string, value: { $repeat?: string; $each?: unknown; times?: number } | null): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value.$repeat !== undefined) return value.$repeat.repeat(value.times ?? 0);
  return "$each" in value ? Array.from({ length: value.times ?? 0 }, () => value.$each) : value;
}
