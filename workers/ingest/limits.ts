import type { LimitExceeded } from "../../src/shared/contracts/parse.ts";
import { utf8Bytes } from "../../src/shared/json/bytes.ts";
import { nestsDeeperThan } from "../../src/shared/json/cut.ts";
import { type QueuedRecord, valueTextOf } from "../../src/shared/queue/parcel.ts";

/** What one request may bring. All ours, unless a line says otherwise; a limit that bites names itself in the answer. */
export const LIMITS = {
  /** As it comes over the wire. */
  bodyBytes: 4 * 1024 * 1024,
  /** After gzip or deflate; a Worker has 128 MB for everything: developers.cloudflare.com/workers/platform/limits */
  inflatedBytes: 8 * 1024 * 1024,
  records: 5_000,
  /** Of a v3 stream that go to the queue together. */
  streamedRecords: 1_000,
  /** Of a v3 stream that could not be read, each of which is answered; behind so many the stream ends. */
  unreadableRecords: 1_000,
  /** In `records:batch`. The proxy's own limit is 10. */
  batchEntries: 100,
  /**
   * Key, value and headers of a record that can be applied: with its envelope it must fit a queue message of 128 KB
   * (developers.cloudflare.com/queues/platform/limits). A larger one is kept as a dead letter.
   */
  recordBytes: 64 * 1024,
  /** A record that can be kept at all: D1 takes 2 MB a value, escapes and all (developers.cloudflare.com/d1/platform/limits). */
  keptBytes: 512 * 1024,
  /** Of a value that can be applied. */
  nesting: 32,
  /** Of a body that is parsed at all. */
  bodyNesting: 1_000,
  headersPerRecord: 64,
  /** Of a record that can be kept at all. */
  keptHeaders: 1_000,
  /**
   * Text of values whose parsed form a request may keep beside it, so that contracts need not parse them again. What
   * JSON.parse makes of a text can be thirty times as large.
   */
  parsedBytes: 1024 * 1024,
  /** How long a v3 stream may stay open, in milliseconds. */
  streamMs: 15 * 60_000,
} as const;

/** Every topic has this many partitions to a client that asks. They only name a place in the answer: we keep no log. */
export const PARTITIONS = 64;

/** Why a record is beyond what can be applied, or `undefined`. Such a record is kept: its neighbours must not wait for it. */
export function beyondLimits(record: Omit<QueuedRecord, "receivedAtMs">): LimitExceeded | undefined {
  const bytes = recordBytes(record);
  if (bytes > LIMITS.recordBytes) return { reason: "too_large", bytes, limit: LIMITS.recordBytes };
  const headers = record.headers?.length ?? 0;
  if (headers > LIMITS.headersPerRecord) return { reason: "too_many_headers", headers, limit: LIMITS.headersPerRecord };
  const text = valueTextOf(record);
  if (text !== null && nestsDeeperThan(text, LIMITS.nesting)) return { reason: "too_deep", limit: LIMITS.nesting };
  return undefined;
}

/** Bytes of key, value and headers, as the client meant them. */
export function recordBytes({ key, value, encoding, headers = [] }: Omit<QueuedRecord, "receivedAtMs">): number {
  const valueBytes = encoding ? ((value?.length ?? 0) * 3) / 4 : utf8Bytes(value ?? "");
  return (
    valueBytes + utf8Bytes(key ?? "") + headers.reduce((sum, [name, text]) => sum + utf8Bytes(name) + text.length, 0)
  );
}
