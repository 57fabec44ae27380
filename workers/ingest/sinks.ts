import { bytesOfText } from "#base/utf8.ts";
import { memberAt, skipSpace } from "#json/cut.ts";
import { type CutRecord, RecordCutter } from "#json/record-cutter.ts";
import { LIMITS } from "#queue/limits.ts";
import type { Entry, Incoming, Receipt } from "./accept.ts";
import { chooseEventReader, EVENT_TYPES, type EventReader } from "./cloud-events.ts";
import { rejectionMessage, toRestProxyCode } from "./errors.ts";
import { parseMediaType, unsupported } from "./media-type.ts";
import { bounded, cutShort, type ValueSummary, valueDigest } from "./oversized.ts";
import { tooManyRecords } from "./requirements.ts";

/** Media types in which each line is a record, even if it is a list. */
const LINES: ReadonlySet<string> = new Set([
  "application/x-ndjson",
  "application/ndjson",
  "application/jsonl",
  "application/json-lines",
  "application/stream+json",
  "application/json-seq",
]);

/**
 * The bodies of sinks: one object, an array of objects, or one object per line. fluent-bit sends lines under a JSON
 * type.
 */
const READ = new Set(["application/json", "text/plain", ...LINES, ...EVENT_TYPES]);

/** @throws RequestError 415 or 400 */
export function requireSinkType(contentType: string | undefined): void {
  if (!READ.has(parseMediaType(contentType)))
    throw unsupported(contentType, "application/json or application/x-ndjson");
}

export type SinkRequest = {
  readonly topic: string;
  readonly headers: Headers;
  /** For a body that is read whole, which may have more records than it had bytes on the wire. */
  readonly maxRecords?: number;
};

/**
 * Reads a sink's body into entries, in groups, each value with its exact text. Text that is not JSON is an entry too,
 * which its contract refuses. A value that is too large to store is cut. An empty body is one record without a value.
 * @throws RequestError 413 if there are more than `maxRecords`; nothing was accepted then
 */
export async function* entriesOfSink(
  { topic, headers, maxRecords = Number.POSITIVE_INFINITY }: SinkRequest,
  parts: AsyncIterable<string>,
): AsyncGenerator<readonly Entry[]> {
  const cutter = new RecordCutter({
    maxLength: LIMITS.keptBytes,
    headLength: LIMITS.cutBytes,
    digest: valueDigest,
    mayBeArray: !LINES.has(parseMediaType(headers.get("Content-Type") ?? undefined)),
  });
  let read = 0;
  let waiting: CutRecord<ValueSummary>[] = [];
  let waitingLength = 0;
  const wait = (records: readonly CutRecord<ValueSummary>[]) => {
    for (const each of records) {
      waiting.push(each);
      waitingLength += each.text.length;
    }
    if (read + waiting.length > maxRecords) throw tooManyRecords();
  };
  const events = chooseEventReader(headers);
  const entries = (isEnd: boolean): Entry[] => {
    // Headers can belong to one record only.
    const isOnly = isEnd && read + waiting.length === 1;
    const readEvent = events && (isOnly || !events.isOfOne) ? events.read : undefined;
    const taken = waiting.map((each) => entryOf(topic, each, isOnly ? readCoordinates(headers) : {}, readEvent));
    read += waiting.length;
    waiting = [];
    waitingLength = 0;
    return taken;
  };
  for await (const part of parts) {
    wait(cutter.push(part));
    const isFull = waiting.length > 1 && (waiting.length >= LIMITS.records || waitingLength >= MAX_WAITING_LENGTH);
    if (isFull && maxRecords === Number.POSITIVE_INFINITY) yield* inGroups(entries(false));
  }
  wait(cutter.end());
  if (read + waiting.length === 0 && !cutter.sawArray) waiting.push({ text: "" });
  yield* inGroups(entries(true));
}

/** How much text of records is held back until more is read, so that they share the queue's messages. */
const MAX_WAITING_LENGTH = 1024 * 1024;

/** Groups of as many entries as go to the queue together. */
function* inGroups(entries: readonly Entry[]): Generator<readonly Entry[]> {
  for (let at = 0; at === 0 || at < entries.length; at += LIMITS.records) yield entries.slice(at, at + LIMITS.records);
}

function entryOf(
  topic: string,
  { text, cut }: CutRecord<ValueSummary>,
  coordinates: Coordinates,
  readEvent: EventReader | undefined,
): Entry {
  const isEmpty = text.trim() === "" || text === "null";
  const { rejection, ...read } = (!cut && !isEmpty && readEvent?.(text)) || { value: isEmpty ? null : text };
  const record = { topic, key: null, ...coordinates, ...readReservedMembers(read.value ?? ""), ...read };
  const kept = cut ? cutShort(record, bytesOfText(text), cut) : bounded(record);
  return { kind: "record", ...kept, beyond: kept.beyond ?? rejection };
}

type Coordinates = Pick<Incoming, "partition" | "offset" | "timestampMs"> & { readonly key?: string };

/** The record's Kafka coordinates, which connectors can be configured to send as headers. */
function readCoordinates(headers: Headers): Coordinates {
  const key = headers.get("X-Kafka-Key");
  return {
    ...toNumbers({
      partition: headers.get("X-Kafka-Partition"),
      offset: headers.get("X-Kafka-Offset"),
      timestampMs: headers.get("X-Kafka-Timestamp"),
    }),
    ...(key !== null && { key }),
  };
}

/** The record's Kafka coordinates from the reserved members that a connector's InsertField writes into the value. */
function readReservedMembers(value: string): Coordinates {
  if (!value.includes('"_kafka_')) return {};
  try {
    const member = (name: string) => {
      const span = memberAt(value, skipSpace(value, 0), name);
      return span ? value.slice(span.start, span.end) : null;
    };
    return toNumbers({
      partition: member("_kafka_partition"),
      offset: member("_kafka_offset"),
      timestampMs: member("_kafka_timestamp"),
    });
  } catch {
    // Not a JSON object: it has no coordinates.
    return {};
  }
}

function toNumbers(texts: Record<"partition" | "offset" | "timestampMs", string | null>): Coordinates {
  const whole = Object.entries(texts).filter(([, text]) => text !== null && /^\d{1,15}$/.test(text));
  return Object.fromEntries(whole.map(([name, text]) => [name, Number(text)]));
}

export type SinkAnswer = {
  readonly accepted: number;
  readonly deadLettered: number;
  /** The first problems, in the order of their records in the request. */
  readonly errors: readonly SinkError[];
  /** How many more there were. */
  readonly errorsLeftOut?: number;
};

type SinkError = { readonly index: number; readonly code: number; readonly reason: string; readonly message: string };

/** A longer list would not be read, and a request may have a million records. */
const MAX_ERRORS = 5_000;

/** The result of a request's records, summed up as they are accepted. */
export class SinkTally {
  #records = 0;
  #accepted = 0;
  #deadLettered = 0;
  #errors: SinkError[] = [];

  add(receipts: readonly Receipt[]): void {
    for (const receipt of receipts) {
      const index = this.#records++;
      if (receipt.kind === "accepted") this.#accepted++;
      if (receipt.kind === "deadLettered") this.#deadLettered++;
      if (receipt.kind !== "accepted" && this.#errors.length < MAX_ERRORS) this.#errors.push(errorOf(receipt, index));
    }
  }

  /** Records that are in a queue. */
  get taken(): number {
    return this.#accepted + this.#deadLettered;
  }

  get isWhole(): boolean {
    return this.taken === this.#records;
  }

  toAnswer(): SinkAnswer {
    const leftOut = this.#records - this.#accepted - this.#errors.length;
    return {
      accepted: this.#accepted,
      deadLettered: this.#deadLettered,
      errors: this.#errors,
      ...(leftOut > 0 && { errorsLeftOut: leftOut }),
    };
  }
}

function errorOf(receipt: Exclude<Receipt, { kind: "accepted" }>, index: number): SinkError {
  if (receipt.kind === "refused") return { index, code: receipt.code, reason: "refused", message: receipt.message };
  const { rejection } = receipt;
  const message = rejectionMessage(rejection);
  return { index, code: toRestProxyCode(rejection), reason: rejection.reason, message };
}
