import { fromBase64, isBase64, toBase64 } from "#base/base64.ts";
import { textOfBytes } from "#base/utf8.ts";
import type { Rejection } from "#contracts/parse.ts";
import { membersOf, skipSpace } from "#json/cut.ts";
import { parseJson } from "#json/parse-json.ts";
import type { Incoming } from "./accept.ts";
import { parseMediaType } from "./media-type.ts";
import { stringKey } from "./string-key.ts";

/** Media types in which each JSON value is an event with its attributes: CloudEvents 1.0, HTTP binding, 3.2 and 3.3. */
export const EVENT_TYPES: readonly string[] = ["application/cloudevents+json", "application/cloudevents-batch+json"];

/** A record's value, with its key and headers if the event has them. */
export type EventRecord = Pick<Incoming, "value" | "headers"> & {
  readonly key?: string;
  /** Why the event is refused. Its value is then its whole text. */
  readonly rejection?: Rejection;
};

/** Names of attributes, and their values as JSON text. */
type Attributes = ReadonlyMap<string, string>;

/** Parses an event from a record's text. */
export type EventReader = (text: string) => EventRecord;

/**
 * How to read the CloudEvents of a sink's request; `undefined` if it has none.
 * @returns `isOfOne` in binary mode, in which the headers are the attributes of the one event
 */
export function chooseEventReader(
  headers: Headers,
): { readonly read: EventReader; readonly isOfOne: boolean } | undefined {
  if (EVENT_TYPES.includes(parseMediaType(headers.get("Content-Type") ?? undefined))) {
    return { read: readStructured, isOfOne: false };
  }
  const attributes = attributesIn(headers);
  if (!REQUIRED.some((name) => attributes.has(name))) return undefined;
  const kept = [...attributes].map(
    ([name, text]) => [`ce_${name}`, toBase64(encoder.encode(JSON.parse(text)))] as const,
  );
  // Named as in the Kafka binding of CloudEvents.
  return { read: (text) => ({ ...recordOf(attributes, objectIn(text), text), headers: kept }), isOfOne: true };
}

const encoder = new TextEncoder();

function attributesIn(headers: Headers): Attributes {
  const attributes = [...headers].filter(([name]) => name.startsWith("ce-"));
  return new Map(attributes.map(([name, value]) => [name.slice("ce-".length), JSON.stringify(percentDecoded(value))]));
}

function percentDecoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function readStructured(text: string): EventRecord {
  const event = objectIn(text);
  // Text that is not JSON, or not an object, is left to its contract to refuse.
  if (!event) return { value: text };
  const attributes = new Map<string, string>();
  for (const { name, start, end } of membersOf(text, skipSpace(text, 0))) attributes.set(name, text.slice(start, end));
  const data = attributes.get("data");
  const { data: json } = event.json;
  if (data === undefined) return recordOf(attributes, decoded(attributes.get("data_base64")), text);
  return recordOf(attributes, isObject(json) ? { text: data, json } : undefined, text);
}

function decoded(written: string | undefined): JsonObject | undefined {
  const base64: unknown = written?.startsWith('"') ? JSON.parse(written) : undefined;
  return isBase64(base64) ? objectIn(textOfBytes(fromBase64(base64))) : undefined;
}

/** The data with the members that a record needs. They are inserted as text, so that the rest keeps its bytes. */
function recordOf(attributes: Attributes, data: JsonObject | undefined, whole: string): EventRecord {
  const issue = issueWith(attributes);
  if (issue || !data) return { value: whole, rejection: { reason: "schema_mismatch", issues: [issue ?? NO_OBJECT] } };
  const added = Object.entries(MEMBERS).flatMap(([member, attribute]) => {
    const text = textIn(attributes, attribute);
    return text === undefined || Object.hasOwn(data.json, member) ? [] : [`"${member}":${text}`];
  });
  const comma = added.length > 0 && Object.keys(data.json).length > 0 ? "," : "";
  const inside = skipSpace(data.text, 0) + 1;
  const key = textIn(attributes, "partitionkey");
  return {
    value: `${data.text.slice(0, inside)}${added.join()}${comma}${data.text.slice(inside)}`,
    ...(key !== undefined && { key: stringKey(key) }),
  };
}

/** Members of a record's value, with the attributes that replace them if the data lacks them. */
const MEMBERS = { eventId: "id", occurredAt: "time", deviceId: "subject" } as const;

const REQUIRED = ["specversion", "id", "source", "type"] as const;
const OPTIONAL = ["time", "subject", "partitionkey"] as const;

const issueAt = (path: string, message: string) => ({ path, code: "cloudevents", message });
const NO_OBJECT = issueAt("data", "CloudEvents 1.0: the data of an event is a JSON object here");

function issueWith(attributes: Attributes) {
  const missing = REQUIRED.find((name) => !/^"./s.test(attributes.get(name) ?? "") || attributes.get(name) === '""');
  if (missing) return issueAt(missing, "CloudEvents 1.0: every event has this attribute, as text");
  if (attributes.get("specversion") !== '"1.0"')
    return issueAt("specversion", 'CloudEvents: "1.0" is what is read here');
  const odd = OPTIONAL.find((name) => attributes.has(name) && !/^(?:"|null$)/.test(attributes.get(name) as string));
  return odd && issueAt(odd, "CloudEvents 1.0: this attribute is text");
}

/** A text attribute, as JSON. */
function textIn(attributes: Attributes, name: string): string | undefined {
  const written = attributes.get(name);
  return written?.startsWith('"') ? written : undefined;
}

type Json = Readonly<Record<string, unknown>>;
type JsonObject = { readonly text: string; readonly json: Json };

const isObject = (json: unknown): json is Json => typeof json === "object" && json !== null && !Array.isArray(json);

/** A text that is a JSON object. It is no longer than the largest record that is kept, so it may be parsed. */
function objectIn(text: string): JsonObject | undefined {
  const json = parseJson(text);
  return isObject(json) ? { text, json } : undefined;
}
