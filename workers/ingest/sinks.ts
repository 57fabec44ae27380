import { elementsOf, memberAt, NotJson, onlyValueOf, skipSpace } from "../../src/shared/json/cut.ts";
import type { Entry, Incoming, Receipt } from "./accept.ts";
import { RequestError, rejectionMessage, restProxyCodeOf } from "./errors.ts";
import { LIMITS } from "./limits.ts";
import { mediaTypeOf, unsupported } from "./media-type.ts";
import { asJson, requireKeepable, requireShallow, tooMany } from "./requirements.ts";

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
 * Reads the body of a sink into entries, each value with its exact text. What is no JSON is for its contract to refuse.
 * @throws RequestError with the proxy's code; nothing was accepted then
 */
export function readSinkBody(topic: string, text: string, headers: Headers): Entry[] {
  if (text.trim() === "") throw new RequestError(422, "Payload error. Request body is empty. Data is required.");
  requireShallow(text);
  const values = asJson(() => valuesIn(text, mediaTypeOf(headers.get("Content-Type") ?? undefined)));
  const coordinates = coordinatesIn(headers);
  return values.map((value, index): Entry => {
    // Headers can speak for one record only.
    const record = { topic, key: null, value, ...(values.length === 1 && coordinates), ...reservedIn(value) };
    requireKeepable(record, index);
    return { kind: "record", record };
  });
}

/** The texts of the values: an array's elements, else the whole body if it is one value, else its lines. */
function valuesIn(text: string, mediaType: string): string[] {
  try {
    const { start, end } = onlyValueOf(text);
    return text[start] === "[" ? bounded(elementTexts(text, start)) : [text.slice(start, end)];
  } catch (thrown) {
    // A broken line is kept as a dead letter beside its neighbours; a broken list cannot be cut into records at all.
    const isList = text[skipSpace(text, 0)] === "[";
    if (!(thrown instanceof NotJson) || (isList && mediaType === "application/json")) throw thrown;
    return bounded(linesOf(text));
  }
}

/** @throws RequestError 413 at the first value over the limit */
function bounded(values: Iterable<string>): string[] {
  const taken: string[] = [];
  for (const value of values) {
    if (taken.length >= LIMITS.records) throw tooMany();
    taken.push(value);
  }
  return taken;
}

function* elementTexts(text: string, start: number): Generator<string> {
  for (const span of elementsOf(text, start)) yield text.slice(span.start, span.end);
}

function* linesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const feed = text.indexOf("\n", start);
    const end = feed < 0 ? text.length : feed;
    const line = text.slice(start, text[end - 1] === "\r" ? end - 1 : end);
    if (line.trim() !== "") yield line;
    start = end + 1;
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
function reservedIn(value: string): Coordinates {
  if (!value.includes('"_kafka_')) return {};
  try {
    const member = (name: string) => {
      const span = memberAt(value, skipSpace(value, 0), name);
      return span ? value.slice(span.start, span.end) : null;
    };
    return numbers({
      partition: member("_kafka_partition"),
      offset: member("_kafka_offset"),
      timestampMs: member("_kafka_timestamp"),
    });
  } catch {
    // No object, or not JSON at all: it says nothing of where it was.
    return {};
  }
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
