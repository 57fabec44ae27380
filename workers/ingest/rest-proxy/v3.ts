import * as z from "zod";
import { bytesOfBase64 } from "../../../src/shared/base64.ts";
import { moment, time } from "../../../src/shared/contracts/time.ts";
import { millisecondsOf, momentOf } from "../../../src/shared/domain/time.ts";
import { utf8Bytes } from "../../../src/shared/json/bytes.ts";
import {
  elementsOf,
  memberAt,
  membersOf,
  NotJson,
  onlyValueOf,
  type Span,
  skipSpace,
} from "../../../src/shared/json/cut.ts";
import { parseJson } from "../../../src/shared/json/parse-json.ts";
import { type Entry, type Incoming, type Receipt, refusal } from "../accept.ts";
import { RequestError, rejectionMessage, restProxyCodeOf } from "../errors.ts";
import { LIMITS, PARTITIONS, recordBytes } from "../limits.ts";
import { asJson, notKeepable, requireKeepable, requireShallow } from "../requirements.ts";
import { type Embedded, excerpt, fromBase64 } from "./embedded.ts";
import { PARTITION_NOT_FOUND, receiptNumber } from "./v2.ts";

/** The one cluster that we show. A producer may name any: on premises the proxy does not check it either. */
export const CLUSTER_ID = "concord";

const SCHEMA_MEMBERS = ["subject", "subject_name_strategy", "schema", "schema_id", "schema_version"] as const;

/** A key or a value: its type, its data, and perhaps a schema, which only a schema registry could read. */
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
    // They are counted before they are built.
    .meta({ maxItems: LIMITS.keptHeaders })
    .nullish(),
  key: Part.nullish(),
  value: Part.nullish(),
  timestamp: time.nullish(),
  original_size: z.unknown().optional(),
});

/** A record read, with what its receipt tells back of it. */
export type V3Record = {
  readonly entry: Entry;
  readonly partition: number;
  readonly timestampMs: number | undefined;
  readonly key: Described | undefined;
  readonly value: Described | undefined;
  /** A stream ends with this record: behind text that is no JSON there is no telling where the next one begins. */
  readonly ends?: "too_large" | "not_json" | undefined;
};

/** Bytes, as the client sent them. */
type Described = { readonly type: string; readonly size: number };

/** What ends a stream at a record over the limit, as the proxy does. */
export const TOO_LARGE = { code: 400, message: "Produce request size is larger than allowed threshold" } as const;

/** Reads the text of one record. Never throws: whatever is wrong with it stands in its entry. */
export function readRecord(topic: string, text: string): V3Record {
  const headerCount = countHeaders(text);
  const json = headerCount === undefined ? undefined : parseJson(text);
  if (headerCount === undefined || json === undefined) {
    return { ...refused(badRequest("the record is not JSON")), ends: "not_json" };
  }
  if (headerCount > LIMITS.keptHeaders)
    return refused(badRequest(`the record has more than ${LIMITS.keptHeaders} headers`));
  const parsed = ProduceRecord.safeParse(json);
  if (!parsed.success) return refused(badRequest(complaintOf(parsed.error.issues[0] as z.core.$ZodIssue)));
  const { partition_id: partition, headers, timestamp } = parsed.data;
  if (typeof partition === "number" && (partition < 0 || partition >= PARTITIONS)) return refused(PARTITION_NOT_FOUND);
  // Kafka keeps milliseconds of a record's timestamp.
  const timestampMs = timestamp == null ? undefined : millisecondsOf(moment(timestamp));
  const readHeaders = readAll(headers ?? []);
  if (!readHeaders.ok) return refused(readHeaders);
  const key = readPart(text, "key", parsed.data.key);
  const value = readPart(text, "value", parsed.data.value);
  if (!key.ok) return refused(key);
  if (!value.ok) return refused(value);
  const record: Incoming = {
    topic,
    key: key.text,
    value: value.text,
    ...(value.encoding && { encoding: value.encoding }),
    ...(typeof partition === "number" && { partition }),
    ...(timestampMs !== undefined && { timestampMs }),
    ...(headers && { headers: readHeaders.headers }),
  };
  return {
    entry: { kind: "record", record },
    partition: partition ?? 0,
    timestampMs,
    key: key.described,
    value: value.described,
    ends: recordBytes(record) > LIMITS.recordBytes ? "too_large" : undefined,
  };
}

const refused = (why: { code: number; message: string }): V3Record => ({
  entry: refusal(why),
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

function complaintOf(issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys") return `Unrecognized field "${issue.keys[0]}"`;
  return issue.path.length > 0 ? `${issue.path.join(".")}: ${issue.message}` : "the record is not a JSON object";
}

/** How many headers a record's text has, or one more than it may. `undefined` where the text is no JSON. */
function countHeaders(text: string): number | undefined {
  try {
    const start = skipSpace(text, 0);
    if (text[start] !== "{") return 0;
    const list = memberAt(text, start, "headers");
    if (!list || text[list.start] !== "[") return 0;
    let count = 0;
    for (const _ of elementsOf(text, list.start)) if (++count > LIMITS.keptHeaders) break;
    return count;
  } catch {
    return undefined;
  }
}

type ReadHeaders = { readonly ok: true; readonly headers: (readonly [string, string])[] } | Problem;

/** Headers keep their order and their duplicates, and their values as the base64 they came in. */
function readAll(headers: readonly { name: string; value?: string | null | undefined }[]): ReadHeaders {
  const bad = headers.find(({ value }) => value != null && fromBase64(value) === undefined);
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
    // A key is text to us: a JSON string without its quotes.
    const plain = name === "key" && typeof data === "string" ? data : text;
    return { ok: true, text: plain, described: { type, size: utf8Bytes(text) } };
  }
  if (type === "STRING") {
    if (typeof data !== "string") return badRequest(`data=${excerpt(data)} is not a string`);
    return { ok: true, text: data, described: { type, size: utf8Bytes(data) } };
  }
  const decoded = fromBase64(data);
  if (!decoded) return badRequest(`data=${excerpt(data)} is not a base64 string`);
  return { ok: true, text: decoded.value, encoding: decoded.encoding, described: { type, size: sizeOf(decoded) } };
}

/** The text of `{name}.data` as the client wrote it. */
function exactData(recordText: string, name: string): string {
  const part = memberAt(recordText, skipSpace(recordText, 0), name);
  const data = part && memberAt(recordText, part.start, "data");
  return data ? recordText.slice(data.start, data.end) : "null";
}

const sizeOf = ({ value, encoding }: Embedded): number =>
  encoding ? bytesOfBase64(value).byteLength : utf8Bytes(value);

export type V3Receipt = { readonly error_code: number } & Readonly<Record<string, unknown>>;

/** What the client is told of one record; the 200 in it is the proxy's, the HTTP status was sent long before. */
export function receiptOf(
  record: V3Record,
  receipt: Receipt,
  where: { topic: string; clusterId: string; nowMs: number; index: number },
): V3Receipt {
  if (receipt.kind !== "accepted") return { error_code: v3Code(codeOf(receipt)), message: messageOf(receipt) };
  const { partition, timestampMs, key, value } = record;
  return {
    error_code: 200,
    cluster_id: where.clusterId,
    topic_name: where.topic,
    partition_id: partition,
    offset: receiptNumber(where.nowMs, where.index),
    timestamp: momentOf(timestampMs ?? where.nowMs),
    ...(key && { key }),
    ...(value && { value }),
  };
}

const codeOf = (receipt: Exclude<Receipt, { kind: "accepted" }>): number =>
  receipt.kind === "refused" ? receipt.code : restProxyCodeOf(receipt.rejection);

function messageOf(receipt: Exclude<Receipt, { kind: "accepted" }>): string {
  const message = receipt.kind === "refused" ? receipt.message : rejectionMessage(receipt.rejection);
  const code = codeOf(receipt);
  return v3Code(code) === code ? message : `Error: ${code} : ${message}`;
}

/** Inside a v3 answer the proxy folds 422xx into 422 and names the exact code in the message. */
const v3Code = (code: number): number => (Math.floor(code / 100) === 422 ? 422 : code);

/** A refusal that is no record's own: the stream's limits, its syntax. */
export const refusalReceipt = ({ code, message }: { code: number; message: string }): V3Receipt => ({
  error_code: code,
  message,
});

/** What a batch calls a record. */
export const EntryId = z.string().regex(/^[0-9A-Za-z_-]{1,80}$/);

type BatchEntry = { readonly id: string; readonly record: V3Record };

/**
 * Reads the body of `records:batch`, entry by entry; a limit ends the reading where it is met.
 * @throws RequestError with the proxy's code; nothing was accepted then
 */
export function readBatch(topic: string, text: string): BatchEntry[] {
  if (text.trim() === "") throw payloadError("Request body is empty. Data is required.");
  requireShallow(text);
  return asJson(() => {
    const { start } = onlyValueOf(text);
    if (text[start] !== "{") throw badBatch("the body: Invalid input: expected object");
    let list: Span | undefined;
    for (const member of membersOf(text, start)) {
      if (member.name !== "entries") throw badBatch(`Unrecognized field: ${member.name.slice(0, 100)}`);
      list = member;
    }
    if (!list || text[list.start] !== "[") throw badBatch("entries: Invalid input: expected array");
    return entriesAt(topic, text, list.start);
  });
}

function entriesAt(topic: string, text: string, at: number): BatchEntry[] {
  const entries = new Map<string, V3Record>();
  for (const { start, end } of elementsOf(text, at)) {
    const index = entries.size;
    if (index >= LIMITS.batchEntries) throw payloadError("Too many entries in batch.");
    if (end - start > MAX_ENTRY_LENGTH) throw notKeepable(index);
    if (text[start] !== "{") throw badBatch(`entries.${index}: Invalid input: expected object`);
    const named = memberAt(text, start, "id");
    const id = EntryId.safeParse(
      named && text[named.start] === '"' ? JSON.parse(text.slice(named.start, named.end)) : null,
    );
    if (!id.success) throw badBatch(`entries.${index}.id: ${id.error.issues[0]?.message}`);
    if (entries.has(id.data)) throw payloadError("Batch entry IDs are not distinct.");
    const record = readRecord(topic, text.slice(start, end));
    if (record.ends === "not_json") throw new NotJson();
    if (record.entry.kind === "record") requireKeepable(record.entry.record, index);
    entries.set(id.data, record);
  }
  if (entries.size === 0) throw payloadError("Empty batch.");
  return [...entries].map(([id, record]) => ({ id, record }));
}

/** A record that is kept, as base64, with its members around it. */
const MAX_ENTRY_LENGTH = LIMITS.keptBytes * 1.5;

const badBatch = (what: string): RequestError => new RequestError(400, `Bad Request: ${what}. Nothing was accepted.`);

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
