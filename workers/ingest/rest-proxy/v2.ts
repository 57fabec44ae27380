import * as z from "zod";
import { describeRejection } from "../../../src/shared/contracts/parse.ts";
import { keepsTopicGrammar } from "../../../src/shared/contracts/topic.ts";
import { elementsAt, memberAt, skipSpace } from "../../../src/shared/json/cut.ts";
import { jsonBytes } from "../../../src/shared/queue/pack.ts";
import type { Accepted, Incoming, Receipt } from "../accept.ts";
import { RequestError, rejectionMessage, restProxyCodeOf } from "./errors.ts";

/** The media type of every v2 answer. */
export const V2_JSON = "application/vnd.kafka.v2+json";

/** Most records in one request, and the largest value. Ours: a record must fit a queue message with its envelope. */
export const MAX_RECORDS = 5_000;
export const MAX_RECORD_BYTES = 64 * 1024;

/** How the values of a request are embedded; `either` is what a type without a format leaves to each value. */
type Format = "json" | "binary" | "either";

/** @throws RequestError 415 for a type we do not read, 400 for a charset that is not UTF-8 */
export function formatOf(contentType: string | undefined): Format {
  const [mediaType = "", ...parameters] = (contentType ?? "").split(";").map((part) => part.trim().toLowerCase());
  const charset = parameters.find((parameter) => parameter.startsWith("charset="))?.slice("charset=".length);
  const format = FORMATS.get(mediaType);
  if (!format) {
    throw new RequestError(
      415,
      `HTTP 415 Unsupported Media Type. Send application/vnd.kafka.json.v2+json or application/vnd.kafka.binary.v2+json, not ${mediaType || "a body without a type"}.`,
    );
  }
  if (charset !== undefined && charset.replaceAll('"', "") !== "utf-8") {
    throw new RequestError(400, `Bodies are read as UTF-8, not as ${charset}.`);
  }
  return format;
}

const FORMATS = new Map<string, Format>([
  ["application/vnd.kafka.json.v2+json", "json"],
  ["application/vnd.kafka.json.v1+json", "json"],
  ["application/vnd.kafka.json+json", "json"],
  // A JSON Schema that comes along is ignored: ours is the one that counts.
  ["application/vnd.kafka.jsonschema.v2+json", "json"],
  ["application/vnd.kafka.binary.v2+json", "binary"],
  ["application/vnd.kafka.binary.v1+json", "binary"],
  ["application/vnd.kafka.binary+json", "binary"],
  ["application/vnd.kafka.v2+json", "either"],
  ["application/vnd.kafka.v1+json", "either"],
  ["application/vnd.kafka+json", "either"],
  ["application/json", "either"],
  ["application/octet-stream", "either"],
]);

const partition = z
  .int()
  .min(0)
  .max(2 ** 31 - 1);

const ProduceRecord = z.strictObject({
  key: z.unknown().optional(),
  value: z.unknown().optional(),
  partition: partition.nullish(),
  // Two members that other proxies take and Confluent's v2 does not.
  timestamp: z.int().min(0).nullish(),
  headers: z.array(z.strictObject({ key: z.string(), value: z.base64().nullish() })).nullish(),
});

const ProduceRequest = z.strictObject({
  records: z.array(ProduceRecord).min(1),
  key_schema: z.string().nullish(),
  key_schema_id: z.int().nullish(),
  value_schema: z.string().nullish(),
  value_schema_id: z.int().nullish(),
});

/**
 * Reads a produce request into records.
 * @throws RequestError with the proxy's code; nothing was accepted then
 */
export function readProduceRequest(topic: string, text: string, format: Format, partitionInPath?: number): Incoming[] {
  const request = parseRequest(text);
  if (request.records.length > MAX_RECORDS) {
    throw new RequestError(
      413,
      `A request may carry ${MAX_RECORDS} records; this one has ${request.records.length}. Nothing was accepted: send it in parts.`,
    );
  }
  const list = memberAt(text, skipSpace(text, 0), "records");
  const spans = list ? elementsAt(text, list.start) : [];
  return request.records.map((record, index): Incoming => {
    const span = memberAt(text, spans[index]?.start ?? 0, "value");
    const exactValue = span ? text.slice(span.start, span.end) : "null";
    const incoming: Incoming = {
      topic,
      key: keyText(record.key, format),
      ...embedded(record.value, exactValue, format, index),
      ...partitionOf(partitionInPath ?? record.partition),
      ...(typeof record.timestamp === "number" && { timestampMs: record.timestamp }),
      ...(record.headers && { headers: record.headers.map(({ key, value }) => [key, value ?? ""] as const) }),
    };
    if (jsonBytes(incoming) > MAX_RECORD_BYTES) {
      throw new RequestError(
        413,
        `Record ${index} is larger than ${MAX_RECORD_BYTES} bytes. Nothing was accepted: send the request without it.`,
      );
    }
    return incoming;
  });
}

const partitionOf = (partition: number | null | undefined) => (typeof partition === "number" ? { partition } : {});

function parseRequest(text: string): z.output<typeof ProduceRequest> {
  if (text.trim() === "") throw new RequestError(422, "Payload error. Request body is empty. Data is required.");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new RequestError(400, "The request body is not JSON. Nothing was accepted.");
  }
  const parsed = ProduceRequest.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0] as z.core.$ZodIssue;
  const where = issue.path.length > 0 ? issue.path.join(".") : "the request body";
  if (issue.code === "unrecognized_keys") throw new RequestError(422, `Unrecognized field: ${issue.keys[0]}`);
  const missing = typeof json === "object" && json !== null && !Array.isArray(json) && !("records" in json);
  if (missing || issue.code === "too_small")
    throw new RequestError(422, `${where}: records must hold at least one record`);
  throw new RequestError(400, `${where}: ${issue.message}. Nothing was accepted.`);
}

/** Keys are text to us; a JSON key that is not a string keeps its JSON text. */
function keyText(key: unknown, format: Format): string | null {
  if (key === null || key === undefined) return null;
  if (typeof key !== "string") return JSON.stringify(key);
  return format === "json" ? key : (utf8Of(key) ?? key);
}

/** The exact text of a value, out of the format it was embedded in. */
function embedded(
  value: unknown,
  exactText: string,
  format: Format,
  index: number,
): Pick<Incoming, "value" | "encoding"> {
  if (value === null || value === undefined) return { value: null };
  if (format === "json" || (format === "either" && typeof value === "object")) return { value: exactText };
  if (typeof value !== "string" || !BASE64.safeParse(value).success) {
    throw new RequestError(
      400,
      `data=${JSON.stringify(value).slice(0, 40)} is not a base64 string (record ${index}). Nothing was accepted.`,
    );
  }
  const text = utf8Of(value);
  return text === undefined ? { value, encoding: "base64" } : { value: text };
}

const BASE64 = z.base64();

/** The text that base64 stands for, or `undefined` where it is not base64 of UTF-8. */
function utf8Of(base64: string): string | undefined {
  if (!BASE64.safeParse(base64).success) return undefined;
  try {
    const bytes = Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** @throws RequestError 404/40401 */
export function requireTopic(topic: string): void {
  if (keepsTopicGrammar(topic)) return;
  throw new RequestError(
    40401,
    `Topic not found. Topics are named device.{sourceType}.{entity}.{action}, in lower case. Nothing was accepted.`,
  );
}

/** @throws RequestError 404/40402 */
export function readPartition(text: string): number {
  const parsed = partition.safeParse(/^\d{1,10}$/.test(text) ? Number(text) : undefined);
  if (!parsed.success) throw new RequestError(40402, "Partition not found. Nothing was accepted.");
  return parsed.data;
}

type Offset =
  | { partition: number; offset: number; error_code: null; error: null }
  | { partition: null; offset: null; error_code: number; error: string };

/**
 * The proxy's answer, one entry a record, in the request's order. `offset` is a receipt number: ascending, and unique
 * enough to find a record in the logs. It is no position in any log.
 */
export function produceResponse(records: readonly Incoming[], receipts: readonly Receipt[], nowMs: number) {
  const firstOffset = nowMs * 1000;
  return {
    offsets: receipts.map((receipt, i): Offset => {
      switch (receipt.kind) {
        case "accepted":
          return { partition: records[i]?.partition ?? 0, offset: firstOffset + i, error_code: null, error: null };
        case "deadLettered":
          return failed(restProxyCodeOf(receipt.rejection), rejectionMessage(receipt.rejection));
        case "refused":
          return failed(50003, "The queue did not take this record. Nothing of it was kept: send it again.");
      }
    }),
    key_schema_id: null,
    value_schema_id: null,
  };
}

const failed = (code: number, message: string): Offset => ({
  partition: null,
  offset: null,
  error_code: code,
  error: message,
});

/** @throws RequestError 503 when the queue took nothing at all */
export function requireSomethingTaken({ receipts }: Accepted): void {
  if (receipts.some(({ kind }) => kind !== "refused")) return;
  throw new RequestError(503, "The queue is out of reach. Nothing was accepted: send the request again.", {
    "Retry-After": "2",
  });
}

/** @throws RequestError 422 when a strict client's request holds a record that would be dead-lettered */
export function requireAllGood(rejections: readonly (Parameters<typeof describeRejection>[0] | undefined)[]): void {
  const index = rejections.findIndex((rejection) => rejection !== undefined);
  const first = rejections[index];
  if (first) {
    throw new RequestError(42206, `Record ${index}: ${describeRejection(first)} Nothing was accepted (strict).`);
  }
}
