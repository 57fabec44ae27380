import { createHash } from "node:crypto";
import { LIMITS } from "#queue/limits.ts";
import type { KafkaRecord, Position } from "../kafka-record.ts";

/** A record as it is written into a request, and where it stands. */
export type Encoded = {
  readonly at: Position;
  /** JSON, as an entry of `records` in a produce request, version 2, format binary. */
  readonly text: string;
  readonly bytes: number;
};

/** Base64 takes a third more. What takes much more has a great many headers, or names that have to be escaped. */
const MOST_BYTES = 2 * LIMITS.keptBytes;

/**
 * The record with all its bytes, or its beginning if it is larger than the boundary keeps, or than a request may be.
 * @param hasPlace whether partition and offset are written: those of a record that is in no Kafka mean nothing
 */
export function encode(record: KafkaRecord, hasPlace = true): Encoded {
  const whole = sizeOf(record) <= LIMITS.keptBytes ? encoded(record, { hasPlace }) : undefined;
  return whole && whole.bytes <= MOST_BYTES ? whole : encodeBeginning(record, LIMITS.cutBytes, { hasPlace });
}

/** What identifies a record that is not sent: its place, the beginning of its key, and size and hash of all of it. */
export function encodeIdentity({ at, text }: Encoded): Encoded {
  const { cut, ...written } = JSON.parse(text) as Written;
  return encodeBeginning({ ...at, ...decoded(written) }, 0, { hasPlace: written.partition !== undefined, cut });
}

/**
 * The beginning of a record with the size and hash of all of it, of which the boundary makes a dead letter `too_large`.
 * @param keptBytes of the value, and of all headers together
 */
function encodeBeginning(record: KafkaRecord, keptBytes: number, { hasPlace, cut = summaryOf(record) }: How): Encoded {
  const { key, value, headers } = record;
  const beginning = {
    ...record,
    key: key?.subarray(0, LIMITS.cutKeyLength) ?? null,
    value: value?.subarray(0, keptBytes) ?? null,
    headers: firstHeaders(headers, keptBytes),
  };
  return encoded(beginning, { hasPlace, cut });
}

type How = { readonly hasPlace: boolean; readonly cut?: Written["cut"] };

const summaryOf = (record: KafkaRecord): NonNullable<Written["cut"]> => ({
  bytes: sizeOf(record),
  sha256: createHash("sha256")
    .update(record.value ?? new Uint8Array())
    .digest("hex"),
});

type Written = {
  readonly partition?: number;
  readonly offset?: number;
  readonly timestamp?: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers?: readonly { readonly key: string; readonly value: string }[];
  /** Size of the whole record, and hash of its whole value, where this is its beginning. */
  readonly cut?: { readonly bytes: number; readonly sha256: string };
};

function encoded(record: KafkaRecord, { hasPlace, cut }: How): Encoded {
  const { topic, partition, offset, timestampMs, key, value, headers } = record;
  const written: Written = {
    ...(hasPlace && { partition, offset }),
    // The boundary takes no time before 1970, and Kafka says -1 for none.
    ...(timestampMs !== null && timestampMs >= 0 && { timestamp: timestampMs }),
    key: key && base64(key),
    value: value && base64(value),
    ...(headers.length > 0 && { headers: headers.map(([name, bytes]) => ({ key: name, value: base64(bytes) })) }),
    ...(cut && { cut }),
  };
  const text = JSON.stringify(written);
  return { at: { topic, partition, offset }, text, bytes: Buffer.byteLength(text) };
}

function decoded({ timestamp, key, value, headers = [] }: Written): Omit<KafkaRecord, keyof Position> {
  return {
    timestampMs: timestamp ?? null,
    key: key === null ? null : Buffer.from(key, "base64"),
    value: value === null ? null : Buffer.from(value, "base64"),
    headers: headers.map((header) => [header.key, Buffer.from(header.value, "base64")]),
  };
}

/** Bytes of key, value and headers. */
export const sizeOf = ({ key, value, headers }: KafkaRecord): number =>
  (key?.byteLength ?? 0) +
  (value?.byteLength ?? 0) +
  headers.reduce((sum, [name, bytes]) => sum + Buffer.byteLength(name) + bytes.byteLength, 0);

function firstHeaders(headers: KafkaRecord["headers"], keptBytes: number): KafkaRecord["headers"] {
  if (keptBytes === 0) return [];
  let bytes = 0;
  return headers.slice(0, LIMITS.keptHeaders).filter(([name, value]) => {
    bytes += Buffer.byteLength(name) + value.byteLength;
    return bytes <= keptBytes;
  });
}

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
