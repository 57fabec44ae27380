import { createHash } from "node:crypto";
import { fromBase64, toBase64 } from "#base/base64.ts";
import { bytesOfText, incompleteTail, textOfBytes } from "#base/utf8.ts";
import type { LimitExceeded } from "#contracts/parse.ts";
import type { Digest } from "#json/oversized-record.ts";
import { LIMITS, recordBytes } from "#queue/limits.ts";
import type { Incoming } from "./accept.ts";

/** Size and SHA-256, in hex, of a value's bytes. */
export type ValueSummary = { readonly bytes: number; readonly sha256: string };

/** Computes the summary of a value that is too large to be held. */
export function valueDigest(): Digest<ValueSummary> {
  const hash = createHash("sha256");
  let bytes = 0;
  return {
    update: (text) => {
      const read = bytesOfText(text);
      bytes += read.byteLength;
      hash.update(read);
    },
    finish: () => ({ bytes, sha256: hash.digest("hex") }),
  };
}

export type Bounded = { readonly record: Incoming; readonly beyond?: LimitExceeded };

/**
 * The part of a record that can be kept. Of an oversized record, the letter has the beginning of the value and the size
 * and hash of the whole value, which are enough to identify the record and to find it at its source.
 */
export function bounded(record: Incoming): Bounded {
  if (recordBytes(record) <= LIMITS.keptBytes) return { record };
  const bytes = bytesOfValue(record);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return cutShort(record, bytes.subarray(0, LIMITS.cutBytes), { bytes: recordBytes(record), sha256 });
}

/** The same for a record that was cut before it was sent. */
export const cutByProducer = (record: Incoming, whole: ValueSummary): Bounded =>
  cutShort(record, bytesOfValue(record).subarray(0, LIMITS.cutBytes), whole);

/** The same for a value of which only the beginning was held. */
export const cutShort = (record: Incoming, head: Uint8Array, { bytes, sha256 }: ValueSummary): Bounded => {
  const whole = head.subarray(0, head.length - incompleteTail(head));
  const text = textOfBytes(whole);
  const { encoding: _, value: __, headers = [], ...place } = record;
  return {
    record: {
      ...place,
      key: record.key === null ? null : beginningOf(record.key),
      ...(text.isWellFormed() ? { value: text } : { value: toBase64(whole), encoding: "base64" }),
      ...(headers.length > 0 && { headers: withinBytes(headers) }),
    },
    beyond: { reason: "too_large", bytes, limit: LIMITS.recordBytes, cut: { sha256, keptBytes: whole.byteLength } },
  };
};

/** Of base64 it is whole bytes, and of text whole characters. */
const beginningOf = (key: string): string => key.slice(0, LIMITS.cutKeyLength).replace(/[\ud800-\udbff]$/, "");

type Headers = NonNullable<Incoming["headers"]>;

/** The first headers, as many as fit. */
function withinBytes(headers: Headers): Headers {
  let bytes = 0;
  const end = headers.findIndex(([name, value]) => {
    bytes += name.length + value.length;
    return bytes > LIMITS.cutBytes;
  });
  return end < 0 ? headers : headers.slice(0, end);
}

const bytesOfValue = ({ value, encoding }: Incoming): Uint8Array =>
  encoding ? fromBase64(value ?? "") : bytesOfText(value ?? "");
