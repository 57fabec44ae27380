import { sha256Hex } from "#base/digest.ts";
import type { Parcel, QueuedRecord } from "./parcel.ts";

/** A record whose identity is known, wherever it is carried. */
export type ReceivedRecord = QueuedRecord & { readonly receipt: string };

/** The receipt of the record at a place of a parcel. */
export const receiptIn = (parcelId: string, index: number): string => `${parcelId}.${index}`;

/**
 * A record's identity as it was accepted: the id of the parcel that it was packed into first, and its place there. Every copy
 * of it has the same, however often the queue delivers it and in whichever parcel it goes back. A record of a parcel of the
 * release before, which has no id, is known by a hash of its content and its times.
 */
export async function receiptOf({ id, records }: Pick<Parcel, "id" | "records">, index: number): Promise<string> {
  const record = records[index];
  if (record === undefined) throw new RangeError(`a parcel of ${records.length} records has none at ${index}`);
  return record.receipt ?? (id === undefined ? hashOf(record) : receiptIn(id, index));
}

/** The records of a parcel, each with its receipt, which it carries along from here on. */
export const receive = (parcel: Parcel): Promise<ReceivedRecord[]> =>
  Promise.all(parcel.records.map(async (record, i) => ({ ...record, receipt: await receiptOf(parcel, i) })));

/** Not of `attempts`, `merged` and `suspect`, which change while the record is on its way. */
function hashOf(record: QueuedRecord): Promise<string> {
  const { topic, key, keyEncoding, value, encoding, headers, partition, offset, timestampMs, receivedAtMs } = record;
  const content = [topic, key, keyEncoding, value, encoding, headers, partition, offset, timestampMs, receivedAtMs];
  return sha256Hex(JSON.stringify([...content, record.letterId].map((part) => part ?? null)), 16);
}
