import * as z from "zod";
import { keepsTopicGrammar } from "../../../src/shared/contracts/topic.ts";
import { elementsOf, membersOf, onlyValueOf, type Span } from "../../../src/shared/json/cut.ts";
import { type Entry, type Incoming, type Receipt, refusal } from "../accept.ts";
import { RequestError, rejectionMessage, restProxyCodeOf } from "../errors.ts";
import { LIMITS, PARTITIONS } from "../limits.ts";
import { asJson, requireBuildable, requireKeepable, requireShallow, tooMany } from "../requirements.ts";
import { excerpt, fromBase64 } from "./embedded.ts";
import type { Format } from "./media-types.ts";

/** What a proxy's request says beside its records. Schemas are ignored, since ours is the one that counts; their ids are told back. */
export const ENVELOPE = {
  key_schema: z.string().nullish(),
  key_schema_id: z.int().nullish(),
  value_schema: z.string().nullish(),
  value_schema_id: z.int().nullish(),
};

/** What a record says beside its key, value and headers. Two members that other proxies take and Confluent's v2 does not. */
export const RECORD = {
  partition: z
    .int()
    // Beyond them it is one record's fault, and not its request's.
    .meta({ minimum: 0, maximum: PARTITIONS - 1 })
    .nullish(),
  timestamp: z.int().min(0).describe("Milliseconds since 1970").nullish(),
};

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
  /** That the path names, for all records. */
  readonly partition: number | undefined;
  /** How much text of values may still be kept parsed. */
  room: number;
};

/**
 * Reads a produce request into entries, each value with its exact text. Records are cut out of the text one by one, and
 * a limit ends the reading where it is met: nothing is built that a limit would not let stay.
 * @param partition that the path names, for all records
 * @throws RequestError with the proxy's code; nothing was accepted then
 */
export function readProduce(topic: string, text: string, format: Format, partition?: number): Produce {
  if (text.trim() === "") throw new RequestError(422, "Payload error. Request body is empty. Data is required.");
  requireShallow(text);
  return asJson(() => readEnvelope({ topic, text, format, partition, room: LIMITS.parsedBytes }));
}

function readEnvelope(reading: Reading): Produce {
  const { text } = reading;
  const whole = onlyValueOf(text);
  if (text[whole.start] !== "{") throw invalid("the request body", "Invalid input: expected object");
  const members = lastMembers(text, whole, ["records", ...Object.keys(ENVELOPE)]);
  const list = members.get("records");
  if (!list || isNull(text, list)) throw NO_RECORDS();
  if (text[list.start] !== "[") throw invalid("records", "Invalid input: expected array");
  const entries: Entry[] = [];
  for (const span of elementsOf(text, list.start)) {
    if (entries.length >= LIMITS.records) throw tooMany();
    entries.push(readRecord(reading, span, entries.length));
  }
  if (entries.length === 0) throw NO_RECORDS();
  const said = scalarsOf(text, members, ENVELOPE);
  return { entries, keySchemaId: said.key_schema_id ?? null, valueSchemaId: said.value_schema_id ?? null };
}

const NO_RECORDS = (): RequestError =>
  new RequestError(422, "records must hold at least one record. Nothing was accepted.");

const invalid = (where: string, message: string): RequestError =>
  new RequestError(400, `${where}: ${message}. Nothing was accepted.`);

const isNull = (text: string, { start }: Span): boolean => text.startsWith("null", start);

/** The members of an object, the last of each name. @throws RequestError 422 at the first that nobody knows */
function lastMembers(text: string, at: Span, known: readonly string[]): Map<string, Span> {
  const members = new Map<string, Span>();
  for (const { name, start, end } of membersOf(text, at.start)) {
    if (!known.includes(name)) throw new RequestError(422, `Unrecognized field: ${name.slice(0, 100)}`);
    members.set(name, { start, end });
  }
  return members;
}

/** The members of plain values. @param path of the object that has them, for messages */
function scalarsOf<Shape extends Readonly<Record<string, z.ZodType>>>(
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
  const { text, format } = reading;
  const path = `records.${index}`;
  if (text[span.start] !== "{") throw invalid(path, "Invalid input: expected object");
  const members = lastMembers(text, span, ["key", "value", "headers", ...Object.keys(RECORD)]);
  const { partition: own, timestamp } = scalarsOf(text, members, RECORD, `${path}.`);
  const headers = headersIn(text, members.get("headers"), index);
  const partition = reading.partition ?? own;
  const { json, ...value } = valueIn(reading, members.get("value"), index);
  if (typeof partition === "number" && !isPartition(partition)) return refusal(PARTITION_NOT_FOUND);
  const incoming: Incoming = {
    topic: reading.topic,
    key: keyIn(text, members.get("key"), { format, index }),
    ...value,
    ...(typeof partition === "number" && { partition }),
    ...(typeof timestamp === "number" && { timestampMs: timestamp }),
    ...(headers && { headers }),
  };
  requireKeepable(incoming, index);
  return { kind: "record", record: incoming, json };
}

function headersIn(text: string, span: Span | undefined, index: number): (readonly [string, string])[] | undefined {
  if (!span || isNull(text, span)) return undefined;
  const path = `records.${index}.headers`;
  if (text[span.start] !== "[") throw invalid(path, "Invalid input: expected array");
  const headers: (readonly [string, string])[] = [];
  for (const { start, end } of elementsOf(text, span.start)) {
    if (headers.length >= LIMITS.keptHeaders) throw tooManyHeaders(index);
    requireBuildable({ start, end }, index);
    const header = Header.safeParse(JSON.parse(text.slice(start, end)));
    if (!header.success) throw invalid(`${path}.${headers.length}`, header.error.issues[0]?.message ?? "Invalid input");
    headers.push([header.data.key, header.data.value ?? ""]);
  }
  return headers;
}

const tooManyHeaders = (index: number): RequestError =>
  new RequestError(
    413,
    `Record ${index} has more than ${LIMITS.keptHeaders} headers. Nothing was accepted: send the request without it.`,
  );

/** Keys are text to us, and names: a JSON key that is not a string keeps its very text, digits and all. */
function keyIn(
  text: string,
  span: Span | undefined,
  { format, index }: { format: Format; index: number },
): string | null {
  if (!span || isNull(text, span)) return null;
  const written = text.slice(span.start, span.end);
  if (!written.startsWith('"')) return checked(written, span, index);
  const key = JSON.parse(written) as string;
  return format === "json" ? key : (fromBase64(key)?.value ?? key);
}

type EmbeddedValue = Pick<Incoming, "value" | "encoding"> & { readonly json?: unknown };

/** The exact text of a value, out of the format it was embedded in. */
function valueIn(reading: Reading, span: Span | undefined, index: number): EmbeddedValue {
  const { text, format } = reading;
  if (!span || isNull(text, span)) return { value: null };
  const written = text.slice(span.start, span.end);
  if (format === "json" || (format === "either" && /^[[{]/.test(written))) {
    requireBuildable(span, index);
    const json: unknown = JSON.parse(written);
    reading.room -= written.length;
    return { value: written, ...(reading.room >= 0 && { json }) };
  }
  const value: unknown = written.startsWith('"') ? JSON.parse(written) : JSON.parse(checked(written, span, index));
  const decoded = fromBase64(value);
  if (decoded) return decoded;
  throw new RequestError(400, `data=${excerpt(value)} is not a base64 string (record ${index}). Nothing was accepted.`);
}

/** The text itself, once it is known to be JSON. */
function checked(written: string, span: Span, index: number): string {
  requireBuildable(span, index);
  JSON.parse(written);
  return written;
}

export const PARTITION_NOT_FOUND = { code: 40402, message: "Partition not found." } as const;

const isPartition = (partition: number): boolean => partition >= 0 && partition < PARTITIONS;

/** @throws RequestError 404/40401 */
export function requireTopic(topic: string): void {
  if (keepsTopicGrammar(topic)) return;
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

/** The proxy's answer, one entry a record, in the request's order. */
export const produceResponse = (
  { entries, keySchemaId, valueSchemaId }: Produce,
  receipts: readonly Receipt[],
  nowMs: number,
) => ({
  offsets: receipts.map((receipt, i) => offsetOf(entries[i] as Entry, receipt, receiptNumber(nowMs, i))),
  key_schema_id: keySchemaId,
  value_schema_id: valueSchemaId,
});

/**
 * What stands where a log would have its offset: ascending, and unique enough to find a record in the logs. It is no
 * position in any log.
 */
export const receiptNumber = (nowMs: number, index: number): number => nowMs * 1000 + index;

function offsetOf(entry: Entry, receipt: Receipt, offset: number): Offset {
  switch (receipt.kind) {
    case "accepted": {
      const partition = (entry.kind === "record" && entry.record.partition) || 0;
      return { partition, offset, error_code: null, error: null };
    }
    case "deadLettered":
      return failedOffset(restProxyCodeOf(receipt.rejection), rejectionMessage(receipt.rejection));
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
