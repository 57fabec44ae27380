import * as z from "zod";
import { keepsTopicGrammar } from "../../../src/shared/contracts/topic.ts";
import { elementsAt, memberAt, nestsDeeperThan, skipSpace } from "../../../src/shared/json/cut.ts";
import { type Entry, type Incoming, type Receipt, refusal } from "../accept.ts";
import { LIMITS, PARTITIONS, recordBytes } from "../limits.ts";
import { excerpt, fromBase64 } from "./embedded.ts";
import { PARTITION_NOT_FOUND, RequestError, rejectionMessage, restProxyCodeOf } from "./errors.ts";
import type { Format } from "./media-types.ts";

const ProduceRecord = z.strictObject({
  key: z.unknown().optional(),
  value: z.unknown().optional(),
  partition: z.int().nullish(),
  // Two members that other proxies take and Confluent's v2 does not.
  timestamp: z.int().min(0).nullish(),
  headers: z.array(z.strictObject({ key: z.string(), value: z.base64().nullish() })).nullish(),
});
type ProduceRecord = z.output<typeof ProduceRecord>;

const schemaId = z.int().nullish();

const ProduceRequest = z.strictObject({
  records: z.array(ProduceRecord).min(1),
  // Schemas are ignored, since ours is the one that counts; their ids are told back.
  key_schema: z.string().nullish(),
  key_schema_id: schemaId,
  value_schema: z.string().nullish(),
  value_schema_id: schemaId,
});

export type Produce = {
  readonly entries: readonly Entry[];
  readonly keySchemaId: number | null;
  readonly valueSchemaId: number | null;
};

/**
 * Reads a produce request into entries, each value with its exact text.
 * @param partition that the path names, for all records
 * @throws RequestError with the proxy's code; nothing was accepted then
 */
export function readProduce(topic: string, text: string, format: Format, partition?: number): Produce {
  const request = parseRequest(text);
  if (request.records.length > LIMITS.records) {
    throw new RequestError(
      413,
      `A request may carry ${LIMITS.records} records; this one has ${request.records.length}. Nothing was accepted: send it in parts.`,
    );
  }
  const list = memberAt(text, skipSpace(text, 0), "records");
  const spans = list ? elementsAt(text, list.start) : [];
  return {
    entries: request.records.map((record, index) => {
      const span = memberAt(text, spans[index]?.start ?? 0, "value");
      const exactValue = span ? text.slice(span.start, span.end) : "null";
      return entryOf(topic, { ...record, partition: partition ?? record.partition }, { exactValue, format, index });
    }),
    keySchemaId: request.key_schema_id ?? null,
    valueSchemaId: request.value_schema_id ?? null,
  };
}

function parseRequest(text: string): z.output<typeof ProduceRequest> {
  if (text.trim() === "") throw new RequestError(422, "Payload error. Request body is empty. Data is required.");
  requireShallow(text);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new RequestError(400, "The request body is not JSON. Nothing was accepted.");
  }
  const parsed = ProduceRequest.safeParse(json);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const issue = issues.find(({ code }) => code === "unrecognized_keys") ?? (issues[0] as z.core.$ZodIssue);
  const where = issue.path.length > 0 ? issue.path.join(".") : "the request body";
  if (issue.code === "unrecognized_keys") throw new RequestError(422, `Unrecognized field: ${issue.keys[0]}`);
  const hasNone =
    typeof json === "object" &&
    json !== null &&
    !Array.isArray(json) &&
    (json as { records?: unknown }).records == null;
  if (hasNone || (issue.code === "too_small" && issue.path[0] === "records" && issue.path.length === 1)) {
    throw new RequestError(422, "records must hold at least one record. Nothing was accepted.");
  }
  throw new RequestError(400, `${where}: ${issue.message}. Nothing was accepted.`);
}

type Where = { readonly exactValue: string; readonly format: Format; readonly index: number };

function entryOf(topic: string, record: ProduceRecord, where: Where): Entry {
  const { partition, timestamp, headers } = record;
  if (typeof partition === "number" && !isPartition(partition)) return refusal(PARTITION_NOT_FOUND);
  const { json, ...value } = embeddedValue(record.value, where);
  const incoming: Incoming = {
    topic,
    key: keyText(record.key, where.format),
    ...value,
    ...(typeof partition === "number" && { partition }),
    ...(typeof timestamp === "number" && { timestampMs: timestamp }),
    ...(headers && { headers: headers.map(({ key, value }) => [key, value ?? ""] as const) }),
  };
  requireKeepable(incoming, where.index);
  return { kind: "record", record: incoming, json };
}

/** @throws RequestError 400: what nests so deep is an attack on parsers and no event */
export function requireShallow(text: string): void {
  if (!nestsDeeperThan(text, LIMITS.bodyNesting)) return;
  throw new RequestError(400, `The request body nests deeper than ${LIMITS.bodyNesting} levels. Nothing was accepted.`);
}

/** @throws RequestError 413: no store of ours could keep the record, not even as a dead letter */
export function requireKeepable(record: Incoming, index: number): void {
  if (recordBytes(record) <= LIMITS.keptBytes) return;
  throw new RequestError(
    413,
    `Record ${index} is larger than ${LIMITS.keptBytes} bytes. Nothing was accepted: send the request without it.`,
  );
}

/** Keys are text to us; a JSON key that is not a string keeps its JSON text. */
function keyText(key: unknown, format: Format): string | null {
  if (key === null || key === undefined) return null;
  if (typeof key !== "string") return JSON.stringify(key);
  return format === "json" ? key : (fromBase64(key)?.value ?? key);
}

type EmbeddedValue = Pick<Incoming, "value" | "encoding"> & { readonly json?: unknown };

/** The exact text of a value, out of the format it was embedded in. */
function embeddedValue(value: unknown, { exactValue, format, index }: Where): EmbeddedValue {
  if (value === null || value === undefined) return { value: null };
  if (format === "json" || (format === "either" && typeof value === "object")) {
    return { value: exactValue, json: value };
  }
  const decoded = fromBase64(value);
  if (decoded) return decoded;
  throw new RequestError(400, `data=${excerpt(value)} is not a base64 string (record ${index}). Nothing was accepted.`);
}

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

/** The same where a client may not write: every record carries the refusal. */
export const forbiddenResponse = ({ entries }: Produce, code: number, message: string) => ({
  offsets: entries.map(() => failedOffset(code, message)),
  key_schema_id: null,
  value_schema_id: null,
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
