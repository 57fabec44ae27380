import * as z from "zod";
import type { LimitExceeded } from "#contracts/parse.ts";
import { isTopic } from "#contracts/topic.ts";
import { elementsOf, membersOf, type Span, soleValue } from "#json/cut.ts";
import { LIMITS, PARTITIONS } from "#queue/limits.ts";
import { type Entry, type Incoming, type Receipt, refusedEntry } from "../accept.ts";
import { RequestError, rejectionMessage, toRestProxyCode } from "../errors.ts";
import { bounded, cutByProducer } from "../oversized.ts";
import { isOversized, requireJson, tooManyRecords } from "../requirements.ts";
import { stringKey } from "../string-key.ts";
import { decodeBase64, excerpt } from "./embedded.ts";
import type { Format } from "./media-types.ts";

/** The members of a request beside its records. Schemas are ignored, because the contract decides; their ids are returned. */
export const ENVELOPE = {
  key_schema: z.string().nullish(),
  key_schema_id: z.int().nullish(),
  value_schema: z.string().nullish(),
  value_schema_id: z.int().nullish(),
};

/** The members of a record beside key, value and headers. Confluent's v2 does not have them; other proxies do. */
export const RECORD = {
  partition: z
    .int()
    // For the OpenAPI document only: a partition outside this range fails its record, and not the request.
    .meta({ minimum: 0, maximum: PARTITIONS - 1 })
    .nullish(),
  timestamp: z.int().min(0).describe("Milliseconds since 1970").nullish(),
  offset: z
    .int()
    .min(0)
    .describe("Where the record stands in Kafka; its partition is then where it came from, and may be any")
    .nullish(),
};

/** Of a record that its producer has cut: what all of it had. */
export const Cut = z
  .strictObject({ bytes: z.int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/, "Invalid SHA-256 in hex") })
  .describe("The value is only the beginning of the record's value: bytes of the record, SHA-256 of its value");

export const Header = z.strictObject({ key: z.string(), value: z.base64().nullish() });

export type Produce = {
  readonly entries: readonly Entry[];
  readonly keySchemaId: number | null;
  readonly valueSchemaId: number | null;
};

type Reading = {
  readonly topic: string;
  readonly text: string;
  readonly format: Format;
  /** From the path, for all records. */
  readonly partition: number | undefined;
  /** How many more characters of values may be kept in parsed form. */
  room: number;
};

/**
 * Reads a produce request into entries, each value with its exact text. Records are cut out of the text one by one, and
 * reading stops at the first limit that is exceeded, so that memory stays bounded.
 * @param partition from the path, for all records
 * @throws RequestError with the proxy's code; nothing was accepted then
 */
export function readProduce(topic: string, text: string, format: Format, partition?: number): Produce {
  if (text.trim() === "") throw new RequestError(422, "Payload error. Request body is empty. Data is required.");
  return requireJson(() => readEnvelope({ topic, text, format, partition, room: LIMITS.parsedBytes }));
}

function readEnvelope(reading: Reading): Produce {
  const { text } = reading;
  const whole = soleValue(text);
  if (text[whole.start] !== "{") throw invalid("the request body", "Invalid input: expected object");
  const members = lastMembers(text, whole, ["records", ...Object.keys(ENVELOPE)]);
  const list = members.get("records");
  if (!list || isNull(text, list)) throw NO_RECORDS();
  if (text[list.start] !== "[") throw invalid("records", "Invalid input: expected array");
  const entries: Entry[] = [];
  for (const span of elementsOf(text, list.start)) {
    if (entries.length >= LIMITS.records) throw tooManyRecords();
    entries.push(readRecord(reading, span, entries.length));
  }
  if (entries.length === 0) throw NO_RECORDS();
  const envelope = readScalars(text, members, ENVELOPE);
  return { entries, keySchemaId: envelope.key_schema_id ?? null, valueSchemaId: envelope.value_schema_id ?? null };
}

const NO_RECORDS = (): RequestError =>
  new RequestError(422, "records must hold at least one record. Nothing was accepted.");

const invalid = (where: string, message: string): RequestError =>
  new RequestError(400, `${where}: ${message}. Nothing was accepted.`);

const isNull = (text: string, { start }: Span): boolean => text.startsWith("null", start);

/** The members of an object, the last of each name. @throws RequestError 422 at the first with an unknown name */
function lastMembers(text: string, at: Span, known: readonly string[]): Map<string, Span> {
  const members = new Map<string, Span>();
  for (const { name, start, end } of membersOf(text, at.start)) {
    if (!known.includes(name)) throw new RequestError(422, `Unrecognized field: ${name.slice(0, 100)}`);
    members.set(name, { start, end });
  }
  return members;
}

/** Reads members that are numbers, text or null. @param path of the object that has them, for messages */
function readScalars<Shape extends Readonly<Record<string, z.ZodType>>>(
  text: string,
  members: ReadonlyMap<string, Span>,
  shape: Shape,
  path = "",
): { readonly [Name in keyof Shape]: z.output<Shape[Name]> } {
  const read = Object.entries(shape).map(([name, schema]) => {
    const span = members.get(name);
    const isPlain = span === undefined || !/[[{]/.test(text[span.start] ?? "");
    const parsed = schema.safeParse(
      span && isPlain ? JSON.parse(text.slice(span.start, span.end)) : isPlain ? undefined : [],
    );
    if (!parsed.success) throw invalid(`${path}${name}`, parsed.error.issues[0]?.message ?? "Invalid input");
    return [name, parsed.data];
  });
  return Object.fromEntries(read);
}

function readRecord(reading: Reading, span: Span, index: number): Entry {
  const { text } = reading;
  const path = `records.${index}`;
  if (text[span.start] !== "{") throw invalid(path, "Invalid input: expected object");
  const members = lastMembers(text, span, ["key", "value", "headers", "cut", ...Object.keys(RECORD)]);
  const { partition: own, timestamp, offset } = readScalars(text, members, RECORD, `${path}.`);
  const { headers, count } = headersIn(text, members.get("headers"), index);
  const partition = reading.partition ?? own;
  const { json, ...value } = readValue(reading, members.get("value"), index);
  const isSource = typeof offset === "number";
  if (typeof partition === "number" && !(isSource ? partition >= 0 : isPartition(partition)))
    return refusedEntry(PARTITION_NOT_FOUND);
  const incoming: Incoming = {
    topic: reading.topic,
    ...keyIn(reading, members.get("key"), members.get("value")),
    ...value,
    ...(typeof partition === "number" && { partition }),
    ...(isSource && { offset }),
    ...(typeof timestamp === "number" && { timestampMs: timestamp }),
    ...(headers && { headers }),
  };
  const cut = cutIn(text, members.get("cut"), path);
  if (cut) return { kind: "record", ...cutByProducer(incoming, cut) };
  return { kind: "record", json, beyond: tooManyHeaders(count), ...bounded(incoming) };
}

function cutIn(text: string, span: Span | undefined, path: string): z.infer<typeof Cut> | undefined {
  if (!span || isNull(text, span)) return undefined;
  const cut = Cut.safeParse(isOversized(span) ? undefined : JSON.parse(text.slice(span.start, span.end)));
  if (!cut.success) throw invalid(`${path}.cut`, cut.error.issues[0]?.message ?? "Invalid input");
  return cut.data;
}

/** Why a record cannot be applied that has so many headers; it keeps the first. */
export const tooManyHeaders = (headers: number): LimitExceeded | undefined =>
  headers > LIMITS.keptHeaders ? { reason: "too_many_headers", headers, limit: LIMITS.headersPerRecord } : undefined;

type Headers = { readonly headers?: readonly (readonly [string, string])[]; readonly count: number };

function headersIn(text: string, span: Span | undefined, index: number): Headers {
  if (!span || isNull(text, span)) return { count: 0 };
  const path = `records.${index}.headers`;
  if (text[span.start] !== "[") throw invalid(path, "Invalid input: expected array");
  const headers: (readonly [string, string])[] = [];
  let count = 0;
  for (const { start, end } of elementsOf(text, span.start)) {
    count++;
    if (headers.length >= LIMITS.keptHeaders || isOversized({ start, end })) continue;
    const header = Header.safeParse(JSON.parse(text.slice(start, end)));
    if (!header.success) throw invalid(`${path}.${headers.length}`, header.error.issues[0]?.message ?? "Invalid input");
    headers.push([header.data.key, header.data.value ?? ""]);
  }
  return { headers, count };
}

/** Keys are text to us, and names: a JSON key that is not a string keeps its very text, digits and all. */
function keyIn(
  { text, format }: Reading,
  span: Span | undefined,
  value: Span | undefined,
): Pick<Incoming, "key" | "keyEncoding"> {
  if (!span || isNull(text, span)) return { key: null };
  const written = text.slice(span.start, span.end);
  if (!written.startsWith('"')) return { key: checked(written, span) };
  const key = stringKey(written);
  const decoded = format === "json" ? undefined : decodeBase64(key);
  if (!decoded) return { key };
  if (!decoded.encoding) return { key: decoded.value };
  // Where the media type names no format and the value is no base64, so may be the key: "dev1" is a name.
  const isBinary = format === "binary" || (value !== undefined && text[value.start] === '"');
  return isBinary ? { key, keyEncoding: "base64" } : { key };
}

type EmbeddedValue = Pick<Incoming, "value" | "encoding"> & { readonly json?: unknown };

/** The exact text of a value, decoded from the request's format. */
function readValue(reading: Reading, span: Span | undefined, index: number): EmbeddedValue {
  const { text, format } = reading;
  if (!span || isNull(text, span)) return { value: null };
  const written = text.slice(span.start, span.end);
  if (format === "json" || (format === "either" && /^[[{]/.test(written))) {
    if (isOversized(span)) return { value: written };
    const json: unknown = JSON.parse(written);
    reading.room -= written.length;
    return { value: written, ...(reading.room >= 0 && { json }) };
  }
  const value: unknown = written.startsWith('"') || !isOversized(span) ? JSON.parse(written) : written;
  const decoded = written.startsWith('"') ? decodeBase64(value) : undefined;
  if (decoded) return decoded;
  throw new RequestError(400, `data=${excerpt(value)} is not a base64 string (record ${index}). Nothing was accepted.`);
}

/** The text itself, once it is known to be JSON; one that is oversized is not built to find out. */
function checked(written: string, span: Span): string {
  if (!isOversized(span)) JSON.parse(written);
  return written;
}

export const PARTITION_NOT_FOUND = { code: 40402, message: "Partition not found." } as const;

const isPartition = (partition: number): boolean => partition >= 0 && partition < PARTITIONS;

/** @throws RequestError 404/40401 */
export function requireTopic(topic: string): void {
  if (isTopic(topic)) return;
  throw new RequestError(
    40401,
    "Topic not found. Topics are named device.{sourceType}.{entity}.{action}, in lower case. Nothing was accepted.",
  );
}

/** @throws RequestError 404/40402 */
export function readPartition(text: string): number {
  const partition = /^\d{1,3}$/.test(text) ? Number(text) : -1;
  if (!isPartition(partition)) throw new RequestError(PARTITION_NOT_FOUND.code, PARTITION_NOT_FOUND.message);
  return partition;
}

type Offset =
  | { partition: number; offset: number; error_code: null; error: null }
  | { partition: null; offset: null; error_code: number; error: string };

/** The proxy's response, one offset for each record, in the request's order. */
export const produceResponse = (
  { entries, keySchemaId, valueSchemaId }: Produce,
  receipts: readonly Receipt[],
  nowMs: number,
) => ({
  offsets: receipts.map((receipt, i) => toOffset(entries[i] as Entry, receipt, receiptNumber(nowMs, i))),
  key_schema_id: keySchemaId,
  value_schema_id: valueSchemaId,
});

/**
 * The number in the `offset` member of a receipt: ascending, and unique enough to find a record in the logs. It is not a
 * Kafka offset, because there is no Kafka log here.
 */
export const receiptNumber = (nowMs: number, index: number): number => nowMs * 1000 + index;

function toOffset(entry: Entry, receipt: Receipt, offset: number): Offset {
  switch (receipt.kind) {
    case "accepted": {
      const partition = (entry.kind === "record" && entry.record.partition) || 0;
      return { partition, offset, error_code: null, error: null };
    }
    case "deadLettered":
      return failedOffset(toRestProxyCode(receipt.rejection), rejectionMessage(receipt.rejection));
    case "refused":
      return failedOffset(receipt.code, receipt.message);
  }
}

const failedOffset = (code: number, message: string): Offset => ({
  partition: null,
  offset: null,
  error_code: code,
  error: message,
});
