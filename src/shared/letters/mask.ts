import type * as z from "zod";

import { isPii, type JsonSchema, membersOf, toJsonSchema, toMarkedSchema } from "#contracts/describe.ts";
import { DeviceId, dataPath, isPlainText, placeOf } from "#contracts/envelope.ts";

import { findContract } from "#contracts/index.ts";
import { parseJson } from "#json/parse-json.ts";
import { decodeKey, decodeValue, type QueuedRecord } from "#queue/parcel.ts";
import { EDIT_LIMITS } from "./edit-limits.ts";
import { knownPath, signatureOf } from "./fingerprint.ts";
import { deviceIdOfRecord, eventIdOf, type Failure } from "./letter.ts";

/** The mask of a personal or undeclared value that was text or null. */
export const MASK = "•••";

/** The mask of a value of another type. The type is shown, since a payload is often broken by just that. */
const MASKS = {
  number: `${MASK} number`,
  boolean: `${MASK} boolean`,
  list: `${MASK} list`,
  object: `${MASK} object`,
} as const;

const ALL_MASKS: ReadonlySet<unknown> = new Set([MASK, ...Object.values(MASKS)]);

export const isMask = (value: unknown): boolean => ALL_MASKS.has(value);

/**
 * The mask of a value, chosen by its type alone. `null` is masked like text, since its type would give its only value
 * away.
 */
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
 * What is masked: a record as it was received, or a copy that contains masks already. In a record, text that looks like
 * a mask is masked like any other text, or it would be shown.
 */
type Origin = "record" | "copy";

const hidden = (value: unknown, origin: Origin): unknown =>
  origin === "copy" && isMask(value) ? value : maskOf(value);

/** Deeper than any contract. Nothing at that depth is declared. */
const MAX_DEPTH = 32;

/**
 * A record's value for viewers who may not see personal data. Shown is only what a contract declares and does not mark
 * as personal. In a broken payload, values are often in the wrong place, so what matches no declaration is masked like
 * personal data, and so are the names of undeclared members. The type of a masked value is shown.
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
 * The value with its shape and names, and a mask for every scalar that {@link maskValue} would not show. A patch is
 * applied to this copy so that masks move with the values they replace. The copy is not for display.
 */
export const maskScalars = (topic: string, value: unknown, origin: Origin): unknown =>
  maskedScalars(value, schemaOf(topic), { depth: 0, origin });

/** The part of such a copy that may be shown. */
export const maskCopy = (topic: string, value: unknown): unknown =>
  masked(value, schemaOf(topic), { depth: 0, origin: "copy" });

/** The same for the `data` of an event that its topic's contract accepted. */
export const maskData = (topic: string, data: unknown): unknown =>
  masked(data ?? null, dataSchemaOf(topic), { depth: 0 });

/** The same for a value that a schema describes. */
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
    return isObject(schema) ? maskedMembers(value, schema, walk) : hide();
  return isDeclared(value, schema) ? value : hide();
}

const isObject = ({ properties, oneOf, anyOf, allOf }: JsonSchema): boolean =>
  (properties ?? oneOf ?? anyOf ?? allOf) !== undefined;

function maskedMembers(value: object, schema: JsonSchema, walk: Walk): object {
  const { properties } = membersOf(schema);
  let unknown = 0;
  const members = Object.entries(value).map(([name, member]): [string, unknown] =>
    Object.hasOwn(properties, name)
      ? [name, masked(member, properties[name], deeper(walk))]
      : [`${MASK}${++unknown}`, hidden(member, walk.origin ?? "record")],
  );
  return Object.fromEntries(members);
}

function maskedScalars(value: unknown, schema: JsonSchema | undefined, walk: Required<Walk>): unknown {
  // Values deeper than that cannot be edited, and walking them could overflow the stack.
  if (walk.depth > EDIT_LIMITS.nesting) return hidden(value, walk.origin);
  const place = schema === undefined || isPii(schema) || walk.depth > MAX_DEPTH ? undefined : schema;
  const inner = { ...walk, depth: walk.depth + 1 };
  if (Array.isArray(value)) return value.map((each) => maskedScalars(each, place?.items, inner));
  if (typeof value === "object" && value !== null) {
    const properties = place ? membersOf(place).properties : {};
    const members = Object.entries(value).map(([name, member]): [string, unknown] => {
      const declared = Object.hasOwn(properties, name) ? properties[name] : undefined;
      return [name, maskedScalars(member, declared, inner)];
    });
    return Object.fromEntries(members);
  }
  return place && isDeclared(value, place) ? value : hidden(value, walk.origin);
}

/** Whether a scalar has the type that its schema declares. Text in the place of a number may be personal. */
function isDeclared(value: unknown, schema: JsonSchema): boolean {
  switch (typeof value) {
    case "string":
      if (schema.type !== "string") return false;
      if (schema.enum) return schema.enum.includes(value);
      if (schema.pattern !== undefined && !new RegExp(schema.pattern, "u").test(value)) return false;
      return value.length <= (schema.maxLength ?? MAX_FREE_LENGTH);
    case "number":
      // A number out of bounds may be a phone number.
      return (
        (schema.type === "number" || schema.type === "integer") &&
        value >= (schema.minimum ?? schema.exclusiveMinimum ?? Number.NEGATIVE_INFINITY) &&
        value <= (schema.maximum ?? schema.exclusiveMaximum ?? Number.POSITIVE_INFINITY)
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

/** A source whose data stands beside its envelope has it in the value itself. */
function dataSchemaOf(topic: string): JsonSchema | undefined {
  const path = dataPath(findContract(topic, 0)?.places);
  return path.reduce((schema: JsonSchema | undefined, name) => schema?.properties?.[name], schemaOf(topic));
}

function schemaOf(topic: string): JsonSchema | undefined {
  // An alias that has ended still tells what its payloads look like.
  const contract = findContract(topic, 0);
  return contract && remembered(contract.value, () => toMarkedSchema(contract));
}

const schemaOfWords = (words: z.ZodType): JsonSchema => remembered(words, () => toJsonSchema({ value: words }));

function remembered(words: z.ZodType, describe: () => JsonSchema): JsonSchema {
  const known = schemas.get(words) ?? describe();
  schemas.set(words, known);
  return known;
}

/** A record's key is shown if it equals the device id in its value; the names of its headers, if they are plain. */
export function maskKey(record: QueuedRecord): { key: string | null; headers: (readonly [string, string])[] } {
  const { headers = [] } = record;
  const key = decodeKey(record);
  const isDevice = key !== null && keyAsDeviceId(record.topic, key) === deviceIdIn(record);
  return {
    key: key === null || isDevice ? key : MASK,
    headers: headers.map(([name]) => [/^[A-Za-z0-9_-]{1,64}$/.test(name) ? name : MASK, MASK]),
  };
}

/**
 * A failure for the same viewers. Issues name members, and an undeclared member may have any name. A fault's message
 * may quote the record.
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

/** The text by which a letter is found. It contains nothing that a viewer may not see. */
export function searchTextOf(record: QueuedRecord, failure: Failure): string {
  const { text } = maskValue(record.topic, decodeValue(record), undefined);
  const words = text === null ? [] : scalarsOf(JSON.parse(text));
  const eventId = eventIdOf(record);
  const ids = [eventId !== undefined && isPlainText(eventId) ? eventId : undefined, deviceIdIn(record)].filter(
    (id) => id !== undefined,
  );
  return [signatureOf(record.topic, failure), ...ids, ...words.filter((word) => !isMask(word))].join("\n");
}

/** A key is a device id as its source writes it; one that is none is compared as it is. */
const keyAsDeviceId = (topic: string, key: string): string =>
  placeOf("deviceId", findContract(topic, 0)?.places).as.safeParse(key).data ?? key;

/** The device id, if it is a valid one. */
const deviceIdIn = (record: QueuedRecord): string | undefined => DeviceId.safeParse(deviceIdOfRecord(record)).data;

function scalarsOf(value: unknown): string[] {
  if (typeof value === "object" && value !== null) return Object.values(value).flatMap(scalarsOf);
  return value === null ? [] : [String(value)];
}
