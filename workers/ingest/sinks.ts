import { elementsAt, memberAt, skipSpace } from "../../src/shared/json/cut.ts";
import type { Entry, Incoming, Receipt } from "./accept.ts";
import { LIMITS } from "./limits.ts";
import { RequestError, rejectionMessage, restProxyCodeOf } from "./rest-proxy/errors.ts";
import { mediaTypeOf, unsupported } from "./rest-proxy/media-types.ts";
import { requireKeepable, requireShallow } from "./rest-proxy/v2.ts";

/** What sinks send: one object, an array of them, or one a line. A JSON type may hold lines too: fluent-bit does that. */
const READ = new Set([
  "application/json",
  "application/x-ndjson",
  "application/ndjson",
  "application/jsonl",
  "application/json-lines",
  "application/stream+json",
  "text/plain",
]);

/** @throws RequestError 415 or 400 */
export function requireSinkType(contentType: string | undefined): void {
  if (!READ.has(mediaTypeOf(contentType))) throw unsupported(contentType, "application/json or application/x-ndjson");
}

/**
 * Reads the body of a sink into entries, each value with its exact text.
 * @throws RequestError with the proxy's code; nothing was accepted then
 */
export function readSinkBody(topic: string, text: string, headers: Headers): Entry[] {
  if (text.trim() === "") throw new RequestError(422, "Payload error. Request body is empty. Data is required.");
  requireShallow(text);
  const values = valuesIn(text, mediaTypeOf(headers.get("Content-Type") ?? undefined));
  if (values.length > LIMITS.records) {
    throw new RequestError(
      413,
      `A request may carry ${LIMITS.records} records; this one has ${values.length}. Nothing was accepted.`,
    );
  }
  const coordinates = coordinatesIn(headers);
  return values.map((value, index): Entry => {
    // Headers can speak for one record only.
    const record = { topic, key: null, value, ...(values.length === 1 && coordinates), ...membersOf(value) };
    requireKeepable(record, index);
    return { kind: "record", record };
  });
}

/** The texts of the values: an array's elements, else the whole body if it is one value, else its lines. */
function valuesIn(text: string, mediaType: string): string[] {
  const start = skipSpace(text, 0);
  if (isJson(text)) {
    return text[start] === "["
      ? elementsAt(text, start).map((span) => text.slice(span.start, span.end))
      : [text.trim()];
  }
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  // A broken line is kept as a dead letter beside its neighbours; a broken list cannot be cut into records at all.
  if (text[start] === "[" && mediaType === "application/json")
    throw new RequestError(400, "The request body is not JSON. Nothing was accepted.");
  return lines;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

type Coordinates = Pick<Incoming, "partition" | "offset" | "timestampMs"> & { readonly key?: string };

/** Connectors can be told to send a record's place in Kafka along. */
function coordinatesIn(headers: Headers): Coordinates {
  const key = headers.get("X-Kafka-Key");
  return {
    ...numbers({
      partition: headers.get("X-Kafka-Partition"),
      offset: headers.get("X-Kafka-Offset"),
      timestampMs: headers.get("X-Kafka-Timestamp"),
    }),
    ...(key !== null && { key }),
  };
}

/** The same out of the reserved members that a connector's InsertField writes into the value. */
function membersOf(value: string): Coordinates {
  if (!value.includes('"_kafka_')) return {};
  const member = (name: string) => {
    const at = skipSpace(value, 0);
    const span = value[at] === "{" && isJson(value) ? memberAt(value, at, name) : undefined;
    return span ? value.slice(span.start, span.end) : null;
  };
  return numbers({
    partition: member("_kafka_partition"),
    offset: member("_kafka_offset"),
    timestampMs: member("_kafka_timestamp"),
  });
}

function numbers(texts: Record<"partition" | "offset" | "timestampMs", string | null>): Coordinates {
  const whole = Object.entries(texts).filter(([, text]) => text !== null && /^\d{1,15}$/.test(text));
  return Object.fromEntries(whole.map(([name, text]) => [name, Number(text)]));
}

export type SinkAnswer = {
  readonly accepted: number;
  readonly deadLettered: number;
  readonly errors: readonly { index: number; code: number; reason: string; message: string }[];
};

export function sinkAnswer(receipts: readonly Receipt[]): SinkAnswer {
  const errors = receipts.flatMap((receipt, index) => {
    switch (receipt.kind) {
      case "accepted":
        return [];
      case "deadLettered": {
        const { rejection } = receipt;
        return [
          {
            index,
            code: restProxyCodeOf(rejection),
            reason: rejection.reason as string,
            message: rejectionMessage(rejection),
          },
        ];
      }
      case "refused":
        return [{ index, code: receipt.code, reason: "refused", message: receipt.message }];
    }
  });
  const count = (kind: Receipt["kind"]) => receipts.filter((receipt) => receipt.kind === kind).length;
  return { accepted: count("accepted"), deadLettered: count("deadLettered"), errors };
}
