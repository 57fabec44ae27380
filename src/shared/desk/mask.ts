import type * as z from "zod";
import { DeviceId, isPlainText } from "../contracts/define.ts";
import { isPii, type JsonSchema, jsonSchemaOf } from "../contracts/describe.ts";
import { findContract } from "../contracts/index.ts";
import { parseJson } from "../json/parse-json.ts";
import { deviceIdOfRecord, eventIdOf, type Failure } from "../queue/letter.ts";
import { type QueuedRecord, valueTextOf } from "../queue/parcel.ts";
import { EDIT_LIMITS } from "./edit-limits.ts";
import { knownPath, signatureOf } from "./fingerprint.ts";

/** What stands where something personal, or something that nobody has declared, stood: text, or nothing at all. */
export const MASK = "•••";

/** The same of another type. That is shown, since a payload is often broken by just that. */
const MASKS = {
  number: `${MASK} number`,
  boolean: `${MASK} boolean`,
  list: `${MASK} list`,
  object: `${MASK} object`,
} as const;

const ALL_MASKS: ReadonlySet<unknown> = new Set([MASK, ...Object.values(MASKS)]);

export const isMask = (value: unknown): boolean => ALL_MASKS.has(value);

/** The mask of a value, by its type alone. The type `null` has one value, so that is masked like text. */
export function maskOf(value: unknown): string {
  if (Array.isArray(value)) return MASKS.list;
  switch (typeof value) {
    case "number":
      return MASKS.number;
    case "boolean":
      return MASKS.boolean;
    case "object":
      return value === null ? MASK : MASKS.object;
    default:
      return MASK;
  }
}

/**
 * What is masked: a record as it came, or a copy that holds masks already. Text of a record that reads like a mask is
 * masked as any text is, or it would be shown.
 */
type Origin = "record" | "copy";

const hidden = (value: unknown, origin: Origin): unknown =>
  origin === "copy" && isMask(value) ? value : maskOf(value);

/** Deeper than any contract goes; what lies there is nobody's declared data. */
const MAX_DEPTH = 32;

/**
 * A record's value for people who are not to see what is personal. What may be seen is what a contract declares and
 * does not mark: a broken payload is broken just where nothing is where it belongs, so what fits no declaration is
 * masked like what is personal, its name too. Of what is masked, the type is shown.
 * @returns JSON text, or `null` for a tombstone
 */
export function maskValue(
  topic: string,
  value: string | null,
  encoding: "base64" | undefined,
): { text: string | null } {
  if (value === null) return { text: null };
  const json = encoding ? undefined : parseJson(value);
  return { text: JSON.stringify(json === undefined ? MASK : masked(json, schemaOf(topic), { depth: 0 })) };
}

/**
 * The value with its shape and its names, and a mask for every scalar that {@link maskValue} would not show. It is what a
 * patch is applied to so that masks move with what they stand for; it is not for showing.
 */
export const maskScalars = (topic: string, value: unknown, origin: Origin): unknown =>
  maskedScalars(value, schemaOf(topic), { depth: 0, origin });

/** What may be shown of such a copy. */
export const maskCopy = (topic: string, value: unknown): unknown =>
  masked(value, schemaOf(topic), { depth: 0, origin: "copy" });

/** The `data` of an event that passed the contract of its topic, likewise. */
export const maskData = (topic: string, data: unknown): unknown =>
  masked(data ?? null, schemaOf(topic)?.properties?.data, { depth: 0 });

/** What is known of something, in the words that a schema declares, likewise. */
export const maskBy = <T>(words: z.ZodType<T>, value: unknown): unknown =>
  masked(value, schemaOfWords(words), { depth: 0 });

type Walk = { readonly depth: number; readonly origin?: Origin };

const deeper = ({ depth, ...walk }: Walk): Walk => ({ ...walk, depth: depth + 1 });

function masked(value: unknown, schema: JsonSchema | undefined, walk: Walk): unknown {
  const hide = () => hidden(value, walk.origin ?? "record");
  if (schema === undefined || isPii(schema) || walk.depth > MAX_DEPTH) return hide();
  if (Array.isArray(value))
    return schema.items ? value.map((each) => masked(each, schema.items, deeper(walk))) : hide();
  if (typeof value === "object" && value !== null)
    return schema.properties ? maskedMembers(value, schema, walk) : hide();
  return isDeclared(value, schema) ? value : hide();
}

function maskedMembers(value: object, { properties = {} }: JsonSchema, walk: Walk): object {
  let unknown = 0;
  const members = Object.entries(value).map(([name, member]): [string, unknown] =>
    Object.hasOwn(properties, name)
      ? [name, masked(member, properties[name], deeper(walk))]
      : [`${MASK}${++unknown}`, hidden(member, walk.origin ?? "record")],
  );
  return Object.fromEntries(members);
}

function maskedScalars(value: unknown, schema: JsonSchema | undefined, walk: Required<Walk>): unknown {
  // Deeper than that nothing is edited, and a walk would find no end of the stack.
  if (walk.depth > EDIT_LIMITS.nesting) return hidden(value, walk.origin);
  const place = schema === undefined || isPii(schema) || walk.depth > MAX_DEPTH ? undefined : schema;
  const inner = { ...walk, depth: walk.depth + 1 };
  if (Array.isArray(value)) return value.map((each) => maskedScalars(each, place?.items, inner));
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).map(([name, member]): [string, unknown] => {
      const declared = place?.properties && Object.hasOwn(place.properties, name) ? place.properties[name] : undefined;
      return [name, maskedScalars(member, declared, inner)];
    });
    return Object.fromEntries(members);
  }
  return place && isDeclared(value, place) ? value : hidden(value, walk.origin);
}

/** Whether a scalar is what its schema says. Text in the place of a number may be anybody's text. */
function isDeclared(value: unknown, schema: JsonSchema): boolean {
  switch (typeof value) {
    case "string":
      if (schema.type !== "string") return false;
      if (schema.enum) return schema.enum.includes(value);
      if (schema.pattern !== undefined && !new RegExp(schema.pattern, "u").test(value)) return false;
      return value.length <= (schema.maxLength ?? MAX_FREE_LENGTH);
    case "number":
      // Out of bounds it may be anybody's phone number.
      return (
        (schema.type === "number" || schema.type === "integer") &&
        value >= (schema.minimum ?? Number.NEGATIVE_INFINITY) &&
        value <= (schema.maximum ?? Number.POSITIVE_INFINITY)
      );
    case "boolean":
      return schema.type === "boolean";
    default:
      return value === null;
  }
}

/** Of text whose schema sets no length. */
const MAX_FREE_LENGTH = 200;

const schemas = new WeakMap<z.ZodType, JsonSchema>();

function schemaOf(topic: string): JsonSchema | undefined {
  // An alias that has ended still says what its payloads look like.
  const contract = findContract(topic, 0);
  return contract && schemaOfWords(contract.value);
}

function schemaOfWords(words: z.ZodType): JsonSchema {
  const known = schemas.get(words) ?? jsonSchemaOf({ value: words });
  schemas.set(words, known);
  return known;
}

/** A record's key, if it is the device id that its value names as well; the names of its headers, if they are plain. */
export function maskKey(record: QueuedRecord): { key: string | null; headers: (readonly [string, string])[] } {
  const { key, headers = [] } = record;
  const isDevice = key !== null && key === deviceIdIn(record);
  return {
    key: key === null || isDevice ? key : MASK,
    headers: headers.map(([name]) => [/^[A-Za-z0-9_-]{1,64}$/.test(name) ? name : MASK, MASK]),
  };
}

/**
 * A failure for the same people. Issues name members, and a member that no contract names may be called anything; a
 * fault's message may quote what it stumbled over.
 */
export function maskFailure(topic: string, failure: Failure): Failure {
  switch (failure.reason) {
    case "schema_mismatch":
      return { ...failure, issues: failure.issues.map((issue) => ({ ...issue, path: knownPath(topic, issue.path) })) };
    case "fault":
      return { ...failure, error: { ...failure.error, message: failure.error.message.replace(QUOTED, MASK) } };
    default:
      return failure;
  }
}

const QUOTED = /"[^"]*"?|'[^']*'?|`[^`]*`?/g;

/** The text that a letter is found by, with nothing that a viewer could not see. */
export function searchTextOf(record: QueuedRecord, failure: Failure): string {
  const { text } = maskValue(record.topic, valueTextOf(record), undefined);
  const words = text === null ? [] : scalarsOf(JSON.parse(text));
  const eventId = eventIdOf(record);
  const ids = [eventId !== undefined && isPlainText(eventId) ? eventId : undefined, deviceIdIn(record)].filter(
    (id) => id !== undefined,
  );
  return [signatureOf(record.topic, failure), ...ids, ...words.filter((word) => !isMask(word))].join("\n");
}

/** The device id, as far as it is one. */
const deviceIdIn = (record: QueuedRecord): string | undefined => DeviceId.safeParse(deviceIdOfRecord(record)).data;

function scalarsOf(value: unknown): string[] {
  if (typeof value === "object" && value !== null) return Object.values(value).flatMap(scalarsOf);
  return value === null ? [] : [String(value)];
}
