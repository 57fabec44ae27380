import { fromBase64, toBase64 } from "#base/base64.ts";
import { bytesOfText, textOfBytes } from "#base/utf8.ts";
import type { MergeOutcome } from "#domain/outcome.ts";
import { jsonBytes, packBySize } from "#json/pack.ts";
import type { InLane } from "./lane.ts";

/** A Kafka record in a queue, with the exact text of its value. */
export type QueuedRecord = {
  readonly topic: string;
  /** Its text; base64 if `keyEncoding` says so; `null` for none. */
  readonly key: string | null;
  /** Set if the key is not UTF-8. */
  readonly keyEncoding?: "base64";
  /** The value's text as it was received; base64 if `encoding` says so; `null` for a tombstone. */
  readonly value: string | null;
  /** Set if the value is not UTF-8, or is large and its base64 is shorter than its text escaped as JSON. */
  readonly encoding?: "base64";
  readonly headers?: readonly (readonly [name: string, value: string])[];
  /** Its coordinates in Kafka, if the producer sent them. */
  readonly partition?: number;
  readonly offset?: number;
  readonly timestampMs?: number;
  readonly receivedAtMs: number;
  /** The version of its contract that the boundary read it by; absent for version 1. */
  readonly contractVersion?: number;
  /** How often the consumer has failed on this record. Outages of a store do not count. */
  readonly attempts?: number;
  /** Its outcome in the store that has already merged it, if the other one failed. */
  readonly merged?: MergeOutcome;
  /** Set for a replay: the id of the dead letter. */
  readonly letterId?: string;
  /** The record was in a parcel that crashed the consumer. It is tried alone, and parked if it crashes the consumer again. */
  readonly suspect?: true;
  /** Its identity as it was accepted, once it has left the parcel that it was packed into first: `receiptOf`. */
  readonly receipt?: string;
};

/**
 * One message of `concord-events` or `concord-backfill`, with as many records as fit the queue's billing unit. With one record per message,
 * queue operations cost $1.20 per million records; a full parcel costs a hundredth of that.
 */
export type Parcel = InLane & {
  readonly kind: "parcel";
  /** Random, made where the parcel is packed; the queue delivers every copy of it with the same. The release before made none. */
  readonly id?: string;
  /** W3C trace context of the request that sent the records. It is in the body because queues carry no headers. */
  readonly traceparent?: string;
  /** Merged apart from all other parcels, so that a poison record fails alone. */
  readonly isolated?: true;
  /** How often the parcel was deferred because of an outage of a store. */
  readonly deferrals?: number;
  readonly records: readonly QueuedRecord[];
};

/** The queue bills every 64 KB as one operation: developers.cloudflare.com/queues/platform/pricing */
export const MAX_PARCEL_BYTES = 64_000;
export const MAX_PARCEL_RECORDS = 100;

/** Packs records into parcels, in order. A record larger than `MAX_PARCEL_BYTES` gets a parcel of its own. */
export function packParcels(
  records: readonly QueuedRecord[],
  parcel: Omit<Parcel, "kind" | "id" | "records"> = {},
): Parcel[] {
  const limits = { maxBytes: MAX_PARCEL_BYTES - 256, maxItems: parcel.isolated ? 1 : MAX_PARCEL_RECORDS };
  return packBySize(records, limits).map((packed) => ({
    kind: "parcel",
    id: crypto.randomUUID(),
    ...parcel,
    records: packed,
  }));
}

/**
 * The same record with key and value as base64, where they hold bytes that are not UTF-8; and the value also where that
 * is shorter than its text with every quote escaped.
 */
export const compact = (record: QueuedRecord): QueuedRecord => compactValue(compactKey(record));

function compactKey(record: QueuedRecord): QueuedRecord {
  const { key, keyEncoding } = record;
  if (key === null || keyEncoding || key.isWellFormed()) return record;
  return { ...record, key: toBase64(bytesOfText(key)), keyEncoding: "base64" };
}

function compactValue(record: QueuedRecord): QueuedRecord {
  const { value } = record;
  if (value === null || record.encoding) return record;
  if (!value.isWellFormed()) return { ...record, value: toBase64(bytesOfText(value)), encoding: "base64" };
  // Small ones are not worth the look: it is the large that may not fit a message.
  if (value.length < 8_192) return record;
  const bytes = new TextEncoder().encode(value);
  const escaped = jsonBytes(value);
  return escaped > (bytes.byteLength * 4) / 3 + 4 ? { ...record, value: toBase64(bytes), encoding: "base64" } : record;
}

/** The exact text of a record's value, or `null` for a tombstone; bytes that are not UTF-8 as {@link textOfBytes} has them. */
export function decodeValue({ value, encoding }: Pick<QueuedRecord, "value" | "encoding">): string | null {
  if (value === null || encoding === undefined) return value;
  return textOfBytes(fromBase64(value));
}

/** The same for its key. */
export const decodeKey = ({ key, keyEncoding }: Pick<QueuedRecord, "key" | "keyEncoding">): string | null =>
  decodeValue({ value: key, ...(keyEncoding && { encoding: keyEncoding }) });

/** The record with the exact texts of its key and its value, as contracts read it. */
export const decodeRecord = <R extends Omit<QueuedRecord, "receivedAtMs">>(record: R): R => ({
  ...record,
  key: decodeKey(record),
  value: decodeValue(record),
});

/** Whether a message body is a parcel. Other bodies in the queue must not crash the batch. */
export const isParcel = (body: unknown): body is Parcel =>
  isObject(body) && body.kind === "parcel" && Array.isArray(body.records) && body.records.every(isRecord);

const isRecord = (record: unknown): boolean =>
  isObject(record) && typeof record.topic === "string" && (record.value === null || typeof record.value === "string");

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
