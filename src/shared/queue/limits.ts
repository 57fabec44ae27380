import { base64Bytes } from "#base/base64.ts";
import type { LimitExceeded } from "#contracts/parse.ts";
import { MINUTE_MS } from "#domain/time.ts";
import { utf8Bytes } from "#json/bytes.ts";
import { isNestedDeeperThan } from "#json/cut.ts";
import { decodeValue, type QueuedRecord } from "./parcel.ts";

/** Limits of one request. Our choices, unless a comment says otherwise. An error message names the limit that was exceeded. */
export const LIMITS = {
  /** As it comes over the wire, of a request that is read whole. */
  bodyBytes: 4 * 1024 * 1024,
  /**
   * Of a sink's request that comes as it is, and is read in parts. What the platform takes on its smallest plan:
   * developers.cloudflare.com/workers/platform/limits
   */
  sinkBytes: 100 * 1024 * 1024,
  /** Of such a request, so much is read at a time. */
  partBytes: 256 * 1024,
  /** After gzip or deflate; a Worker has 128 MB for everything: developers.cloudflare.com/workers/platform/limits */
  inflatedBytes: 8 * 1024 * 1024,
  records: 5_000,
  /** Records of a v3 stream that are sent to the queue together. */
  streamedRecords: 1_000,
  /** Unreadable records of a v3 stream, each of which gets a receipt; one more ends the stream. */
  unreadableRecords: 1_000,
  /** In `records:batch`. The proxy's own limit is 10. */
  batchEntries: 100,
  /**
   * Key, value and headers of a record that can be applied: with its envelope it has to fit a queue message of 128 KB
   * (developers.cloudflare.com/queues/platform/limits). A larger one becomes a dead letter.
   */
  recordBytes: 64 * 1024,
  /** A record that can be stored as a dead letter: D1 takes 2 MB for each value, escaped (developers.cloudflare.com/d1/platform/limits). */
  keptBytes: 512 * 1024,
  /** What is kept of the value of a larger record, whose letter tells the size and the hash of all of it. */
  cutBytes: 64 * 1024,
  /** What is kept of its key, in UTF-16 units. */
  cutKeyLength: 1_024,
  /** Of a value that can be applied. */
  nesting: 32,
  headersPerRecord: 64,
  /** What is kept of the headers of a record that has more. */
  keptHeaders: 1_000,
  /**
   * Text of the values that a request keeps in parsed form, so that contracts need not parse them again. Parsed JSON can
   * take thirty times as much memory as its text.
   */
  parsedBytes: 1024 * 1024,
  /** How long a v3 stream may stay open, in milliseconds. */
  streamMs: 15 * MINUTE_MS,
} as const;

/** The number of partitions that we report for every topic. They have no meaning here: there is no log behind them. */
export const PARTITIONS = 64;

/** The first limit that a record exceeds, or `undefined`. Such a record becomes a dead letter and does not fail its request. */
export function findExceededLimit(record: Omit<QueuedRecord, "receivedAtMs">): LimitExceeded | undefined {
  const bytes = recordBytes(record);
  if (bytes > LIMITS.recordBytes) return { reason: "too_large", bytes, limit: LIMITS.recordBytes };
  const headers = record.headers?.length ?? 0;
  if (headers > LIMITS.headersPerRecord) return { reason: "too_many_headers", headers, limit: LIMITS.headersPerRecord };
  const text = decodeValue(record);
  if (text !== null && isNestedDeeperThan(text, LIMITS.nesting)) return { reason: "too_deep", limit: LIMITS.nesting };
  return undefined;
}

/** Bytes of key, value and headers, decoded. */
export function recordBytes({
  key,
  keyEncoding,
  value,
  encoding,
  headers = [],
}: Omit<QueuedRecord, "receivedAtMs">): number {
  return (
    bytesIn(key, keyEncoding) +
    bytesIn(value, encoding) +
    headers.reduce((sum, [name, text]) => sum + utf8Bytes(name) + text.length, 0)
  );
}

const bytesIn = (text: string | null, encoding: "base64" | undefined): number =>
  encoding ? base64Bytes(text ?? "") : utf8Bytes(text ?? "");
