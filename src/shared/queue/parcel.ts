import { base64Of, bytesOfBase64 } from "../base64.ts";
import type { MergeOutcome } from "../domain/outcome.ts";
import { jsonBytes, packBySize } from "./pack.ts";

/** One Kafka record on its way through us, with the exact text of its value. */
export type QueuedRecord = {
  readonly topic: string;
  readonly key: string | null;
  /** The value's text as it came; base64 when `encoding` says so; `null` for a tombstone. */
  readonly value: string | null;
  /** Set where the value is not UTF-8, or is large and base64 of it is shorter than its text escaped as JSON. */
  readonly encoding?: "base64";
  readonly headers?: readonly (readonly [name: string, value: string])[];
  /** Where Kafka had it, as far as the producer told us. */
  readonly partition?: number;
  readonly offset?: number;
  readonly timestampMs?: number;
  readonly receivedAtMs: number;
  /** How often a consumer failed on this very record. Outages of a store do not count. */
  readonly attempts?: number;
  /** What it did to one of the two stores already, when the other was out of reach. */
  readonly merged?: MergeOutcome;
  /** The dead letter that this record is a replay of. */
  readonly letterId?: string;
  /** This record was in a parcel that took the consumer down. It is tried alone, and parked if that dies again. */
  readonly suspect?: true;
};

/**
 * What travels in one message of `concord-events`: as many records as fit the queue's billing unit. One record a
 * message costs $1.20 per million records in queue operations; a full parcel costs a hundredth of that.
 */
export type Parcel = {
  readonly kind: "parcel";
  /** W3C trace context of the request that brought the records. Queues carry no headers. */
  readonly traceparent?: string;
  /** Merged apart from all other parcels, so that a poison record fails alone. */
  readonly isolated?: true;
  /** How often the parcel was put off because a store was out of reach. */
  readonly deferrals?: number;
  readonly records: readonly QueuedRecord[];
};

/** The queue bills every 64 KB as one operation: developers.cloudflare.com/queues/platform/pricing */
export const MAX_PARCEL_BYTES = 64_000;
export const MAX_PARCEL_RECORDS = 100;

/** Packs records into parcels in order. A record larger than a parcel should be travels alone. */
export function packParcels(records: readonly QueuedRecord[], parcel: Omit<Parcel, "kind" | "records"> = {}): Parcel[] {
  const limits = { maxBytes: MAX_PARCEL_BYTES - 256, maxItems: parcel.isolated ? 1 : MAX_PARCEL_RECORDS };
  return packBySize(records, limits).map((packed) => ({ kind: "parcel", ...parcel, records: packed }));
}

/** The same record with its value as base64, where that is shorter than its text with every quote escaped. */
export function compacted(record: QueuedRecord): QueuedRecord {
  const { value } = record;
  // Small ones are not worth the look: it is the large that may not fit a message.
  if (value === null || record.encoding || value.length < 8_192) return record;
  const bytes = new TextEncoder().encode(value);
  const escaped = jsonBytes(value);
  return escaped > (bytes.byteLength * 4) / 3 + 4 ? { ...record, value: base64Of(bytes), encoding: "base64" } : record;
}

/** The exact text of a record's value, or `null` for a tombstone. Bytes that are not UTF-8 become U+FFFD. */
export function valueTextOf({ value, encoding }: Pick<QueuedRecord, "value" | "encoding">): string | null {
  if (value === null || encoding === undefined) return value;
  return new TextDecoder().decode(bytesOfBase64(value));
}

/** Whether a message is one of ours; whatever else came into the queue must not take a batch down. */
export const isParcel = (body: unknown): body is Parcel =>
  isObject(body) && body.kind === "parcel" && Array.isArray(body.records) && body.records.every(isRecord);

const isRecord = (record: unknown): boolean =>
  isObject(record) && typeof record.topic === "string" && (record.value === null || typeof record.value === "string");

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
