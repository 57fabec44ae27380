import * as z from "zod";
import { base64Bytes } from "#base/base64.ts";
import { moment, time } from "#contracts/time.ts";
import { toMilliseconds, toMoment } from "#domain/time.ts";
import { utf8Bytes } from "#json/bytes.ts";
import { elementsOf, memberAt, membersOf, NotJson, type Span, skipSpace, soleValue } from "#json/cut.ts";
import { parseJson } from "#json/parse-json.ts";
import { LIMITS, PARTITIONS, recordBytes } from "#queue/limits.ts";
import { type Entry, type Incoming, type Receipt, refusedEntry } from "../accept.ts";
import { RequestError, rejectionMessage, toRestProxyCode } from "../errors.ts";
import { bounded } from "../oversized.ts";
import { requireJson } from "../requirements.ts";
import { stringKey } from "../string-key.ts";
import { decodeBase64, type Embedded, excerpt } from "./embedded.ts";
import { PARTITION_NOT_FOUND, receiptNumber, tooManyHeaders } from "./v2.ts";

/** The id of our one cluster. A producer may name any: Confluent's own proxy does not check it either. */
export const CLUSTER_ID = "concord";

const SCHEMA_MEMBERS = ["subject", "subject_name_strategy", "schema", "schema_id", "schema_version"] as const;

/** A key or a value: its type, its data, and perhaps a schema, which would need a schema registry. */
export const Part = z.strictObject({
  type: z.string().nullish(),
  data: z.unknown().optional(),
  ...Object.fromEntries(SCHEMA_MEMBERS.map((name) => [name, z.unknown().optional()])),
});
type Part = { type?: string | null | undefined; data?: unknown; [schemaMember: string]: unknown };

/** A record of a stream, or of a batch. */
export const ProduceRecord = z.strictObject({
  /** In `records:batch` only. */
  id: z.string().optional(),
  partition_id: z
    .int()
    .meta({ minimum: 0, maximum: PARTITIONS - 1 })
    .nullish(),
  headers: z
    .array(z.strictObject({ name: z.string(), value: z.string().meta({ contentEncoding: "base64" }).nullish() }))
    .nullish(),
  key: Part.nullish(),
  value: Part.nullish(),
  timestamp: time.nullish(),
  original_size: z.unknown().optional(),
});

/** A record as it was read, with what its receipt says about it. */
export type V3Record = {
  readonly entry: Entry;
  readonly partition: number;
  readonly timestampMs: number | undefined;
  readonly key: Described | undefined;
  readonly value: Described | undefined;
  /** Set if the stream has to end here: after text that is not JSON, the start of the next record is unknown. */
  readonly ends?: "too_large" | "not_json" | undefined;
};

/** Bytes, as the client sent them. */
type Described = { readonly type: string; readonly size: number };

/** Ends a stream at a record over the limit, as Confluent's proxy does. */
export const TOO_LARGE = { code: 400, message: "Produce request size is larger than allowed threshold" } as const;

/** Reads the text of one record. Never throws: a problem becomes a `refused` entry. */
export function readRecord(topic: string, text: string): V3Record {
  // The data of an oversized record is not built either.
  const read = withKeptHeaders(text);
  const json = read && parseJson(read.kept);
  if (!read || json === undefined) {
    return { ...refusedRecord(badRequest("the record is not JSON")), ends: "not_json" };
  }
  const parsed = ProduceRecord.safeParse(json);
  if (!parsed.success) return refusedRecord(badRequest(describeIssue(parsed.error.issues[0] as z.core.$ZodIssue)));
  const { partition_id: partition, headers, timestamp } = parsed.data;
  if (typeof partition === "number" && (partition < 0 || partition >= PARTITIONS))
    return refusedRecord(PARTITION_NOT_FOUND);
  // Kafka keeps milliseconds of a record's timestamp.
  const timestampMs = timestamp == null ? undefined : toMilliseconds(moment(timestamp));
  const decodedHeaders = decodeHeaders(headers ?? []);
  if (!decodedHeaders.ok) return refusedRecord(decodedHeaders);
  const key = readPart(text, "key", parsed.data.key);
  const value = readPart(text, "value", parsed.data.value);
  if (!key.ok) return refusedRecord(key);
  if (!value.ok) return refusedRecord(value);
  const record: Incoming = {
    topic,
    key: key.text,
    ...(key.encoding && { keyEncoding: key.encoding }),
    value: value.text,
    ...(value.encoding && { encoding: value.encoding }),
    ...(typeof partition === "number" && { partition }),
    ...(timestampMs !== undefined && { timestampMs }),
    ...(headers && { headers: decodedHeaders.headers }),
  };
  return {
    entry: { kind: "record", beyond: tooManyHeaders(read.headers), ...bounded(record) },
    partition: partition ?? 0,
    timestampMs,
    key: key.described,
    value: value.described,
    ends: recordBytes(record) > LIMITS.recordBytes ? "too_large" : undefined,
  };
}

const refusedRecord = (why: { code: number; message: string }): V3Record => ({
  entry: refusedEntry(why),
  partition: 0,
  timestampMs: undefined,
  key: undefined,
  value: undefined,
});

type Problem = { readonly ok: false; readonly code: number; readonly message: string };

const badRequest = (what: string): Problem => ({ ok: false, code: 400, message: `Bad Request: ${what}.` });

const NO_REGISTRY: Problem = {
  ok: false,
  code: 42206,
  message: "Payload error. Schema Registry must be configured when using schemas.",
};

function describeIssue(issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys") return `Unrecognized field "${issue.keys[0]}"`;
  return issue.path.length > 0 ? `${issue.path.join(".")}: ${issue.message}` : "the record is not a JSON object";
}

/**
 * The number of a record's headers, or one more than are kept; and its text with the headers that are kept. `undefined`
 * if it is not JSON.
 */
function withKeptHeaders(text: string): { readonly headers: number; readonly kept: string } | undefined {
  try {
    const start = skipSpace(text, 0);
    const list = text[start] === "{" ? memberAt(text, start, "headers") : undefined;
    if (!list || text[list.start] !== "[") return { headers: 0, kept: text };
    let headers = 0;
    let keptEnd = list.end - 1;
    for (const { end } of elementsOf(text, list.start)) {
      if (++headers === LIMITS.keptHeaders) keptEnd = end;
      // The rest is not counted.
      if (headers > LIMITS.keptHeaders) break;
    }
    return { headers, kept: text.slice(0, keptEnd) + text.slice(list.end - 1) };
  } catch {
    return undefined;
  }
}

type DecodedHeaders = { readonly ok: true; readonly headers: (readonly [string, string])[] } | Problem;

/** Headers keep their order and duplicates, and their values stay base64. */
function decodeHeaders(headers: readonly { name: string; value?: string | null | undefined }[]): DecodedHeaders {
  const bad = headers.find(({ value }) => value != null && decodeBase64(value) === undefined);
  if (bad) return badRequest(`data=${excerpt(bad.value)} is not a base64 string`);
  return { ok: true, headers: headers.map(({ name, value }) => [name, value ?? ""]) };
}

type ReadPart =
  | {
      readonly ok: true;
      readonly text: string | null;
      readonly encoding?: "base64" | undefined;
      readonly described: Described | undefined;
    }
  | Problem;

function readPart(recordText: string, name: "key" | "value", part: Part | null | undefined): ReadPart {
  if (!part) return { ok: true, text: null, described: undefined };
  const { type, data } = part;
  const hasSchema = SCHEMA_MEMBERS.some((member) => part[member] != null);
  if (type !== "BINARY" && type !== "STRING" && type !== "JSON") return NO_REGISTRY;
  if (hasSchema) return badRequest(`a ${name} of type ${type} has no schema`);
  if (data === null || data === undefined) return { ok: true, text: null, described: { type, size: 0 } };
  if (type === "JSON") {
    const text = exactData(recordText, name);
    // The key is text: a JSON string without its quotes.
    const plain = name === "key" && typeof data === "string" ? stringKey(text) : text;
    return { ok: true, text: plain, described: { type, size: utf8Bytes(text) } };
  }
  if (type === "STRING") {
    if (typeof data !== "string") return badRequest(`data=${excerpt(data)} is not a string`);
    const text = name === "key" ? stringKey(exactData(recordText, name)) : data;
    return { ok: true, text, described: { type, size: utf8Bytes(data) } };
  }
  const decoded = decodeBase64(data);
  if (!decoded) return badRequest(`data=${excerpt(data)} is not a base64 string`);
  return { ok: true, text: decoded.value, encoding: decoded.encoding, described: { type, size: byteSize(decoded) } };
}

/** The text of `{name}.data` as the client wrote it. */
function exactData(recordText: string, name: string): string {
  const part = memberAt(recordText, skipSpace(recordText, 0), name);
  const data = part && memberAt(recordText, part.start, "data");
  return data ? recordText.slice(data.start, data.end) : "null";
}

const byteSize = ({ value, encoding }: Embedded): number => (encoding ? base64Bytes(value) : utf8Bytes(value));

export type V3Receipt = { readonly error_code: number } & Readonly<Record<string, unknown>>;

/** The receipt of one record. Its `error_code` 200 is the proxy's; the HTTP status has been sent before. */
export function toV3Receipt(
  record: V3Record,
  receipt: Receipt,
  where: { topic: string; clusterId: string; nowMs: number; index: number },
): V3Receipt {
  if (receipt.kind !== "accepted")
    return { error_code: v3Code(receiptCode(receipt)), message: receiptMessage(receipt) };
  const { partition, timestampMs, key, value } = record;
  return {
    error_code: 200,
    cluster_id: where.clusterId,
    topic_name: where.topic,
    partition_id: partition,
    offset: receiptNumber(where.nowMs, where.index),
    timestamp: toMoment(timestampMs ?? where.nowMs),
    ...(key && { key }),
    ...(value && { value }),
  };
}

const receiptCode = (receipt: Exclude<Receipt, { kind: "accepted" }>): number =>
  receipt.kind === "refused" ? receipt.code : toRestProxyCode(receipt.rejection);

function receiptMessage(receipt: Exclude<Receipt, { kind: "accepted" }>): string {
  const message = receipt.kind === "refused" ? receipt.message : rejectionMessage(receipt.rejection);
  const code = receiptCode(receipt);
  return v3Code(code) === code ? message : `Error: ${code} : ${message}`;
}

/** In a v3 receipt the proxy reports 422xx as 422, with the exact code in the message. */
const v3Code = (code: number): number => (Math.floor(code / 100) === 422 ? 422 : code);

/** The receipt for a problem of the stream and not of one record: a limit, or its syntax. */
export const refusalReceipt = ({ code, message }: { code: number; message: string }): V3Receipt => ({
  error_code: code,
  message,
});

/** The client's id for an entry of a batch. */
export const EntryId = z.string().regex(/^[0-9A-Za-z_-]{1,80}$/);

type BatchEntry = { readonly id: string; readonly record: V3Record };

/**
 * Reads the body of `records:batch`, entry by entry, and stops at the first limit that is exceeded.
 * @throws RequestError with the proxy's code; nothing was accepted then
 */
export function readBatch(topic: string, text: string): BatchEntry[] {
  if (text.trim() === "") throw payloadError("Request body is empty. Data is required.");
  return requireJson(() => {
    const { start } = soleValue(text);
    if (text[start] !== "{") throw payloadError("The body is not an object. Nothing was accepted.");
    let list: Span | undefined;
    for (const member of membersOf(text, start)) {
      if (member.name !== "entries") throw payloadError(`Unrecognized field: ${member.name.slice(0, 100)}`);
      list = member;
    }
    if (!list || text[list.start] !== "[") throw payloadError("entries is not an array. Nothing was accepted.");
    return entriesAt(topic, text, list.start);
  });
}

function entriesAt(topic: string, text: string, at: number): BatchEntry[] {
  const entries = new Map<string, V3Record>();
  for (const { start, end } of elementsOf(text, at)) {
    const index = entries.size;
    if (index >= LIMITS.batchEntries) throw payloadError("Too many entries in batch.");
    if (text[start] !== "{") throw payloadError(`entries.${index} is not an object. Nothing was accepted.`);
    const named = memberAt(text, start, "id");
    const id = EntryId.safeParse(
      named && text[named.start] === '"' ? JSON.parse(text.slice(named.start, named.end)) : null,
    );
    if (!id.success) throw payloadError(`entries.${index}.id: ${id.error.issues[0]?.message}. Nothing was accepted.`);
    if (entries.has(id.data)) throw payloadError("Batch entry IDs are not distinct.");
    const record = readAnyRecord(topic, text.slice(start, end));
    if (record.ends === "not_json") throw new NotJson();
    entries.set(id.data, record);
  }
  if (entries.size === 0) throw payloadError("Empty batch.");
  return [...entries].map(([id, record]) => ({ id, record }));
}

/** A record that is kept whole, as base64, with its members around it. */
const MAX_ENTRY_LENGTH = LIMITS.keptBytes * 1.5;

/**
 * Reads a record of any size. The data of an oversized value is never built: the record is parsed without it, and then
 * gets the part that is kept.
 */
function readAnyRecord(topic: string, text: string): V3Record {
  if (text.length <= MAX_ENTRY_LENGTH) return readRecord(topic, text);
  const value = memberAt(text, 0, "value");
  const data = value && text[value.start] === "{" ? memberAt(text, value.start, "data") : undefined;
  const rest = data && `${text.slice(0, data.start)}null${text.slice(data.end)}`;
  if (!data || !rest || rest.length > MAX_ENTRY_LENGTH) return refusedRecord(TOO_LARGE_BESIDE_VALUE);
  const record = readRecord(topic, rest);
  if (record.entry.kind !== "record") return record;
  const written = text.slice(data.start, data.end);
  const type = record.value?.type;
  const embedded =
    type === "JSON" ? { value: written } : readEmbedded(type, written.startsWith('"') ? parseJson(written) : undefined);
  if (!embedded) return refusedRecord(badRequest(`data=${excerpt(written)} is not a ${type} value`));
  const kept = bounded({ ...record.entry.record, ...embedded });
  return { ...record, entry: { ...record.entry, ...kept } };
}

const readEmbedded = (type: string | undefined, data: unknown): Embedded | undefined =>
  type === "STRING" && typeof data === "string" ? { value: data } : decodeBase64(data);

const TOO_LARGE_BESIDE_VALUE = {
  code: 413,
  message: `Key and headers of this record are larger than ${LIMITS.keptBytes} bytes. It was not kept.`,
};

const payloadError = (what: string): RequestError => new RequestError(42208, what);

export type BatchAnswer = { readonly successes: unknown[]; readonly failures: unknown[] };

export function batchAnswer(ids: readonly string[], receipts: readonly V3Receipt[]): BatchAnswer {
  const answer: BatchAnswer = { successes: [], failures: [] };
  receipts.forEach(({ error_code, ...rest }, i) => {
    if (error_code === 200) answer.successes.push({ id: ids[i], ...rest });
    else answer.failures.push({ id: ids[i], error_code, ...rest });
  });
  return answer;
}
