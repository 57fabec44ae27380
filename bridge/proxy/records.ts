import * as z from "zod";
import { parseJson } from "#json/parse-json.ts";
import type { KafkaRecord } from "../kafka-record.ts";

const Offset = z.int().nonnegative();

const Record = z.object({
  topic: z.string(),
  partition: z.int().nonnegative(),
  offset: Offset,
  key: z.base64().nullish(),
  value: z.base64().nullish(),
  timestamp: z.int().nullish(),
  headers: z.array(z.object({ key: z.string(), value: z.base64().nullish() })).nullish(),
});

/**
 * The records of a poll, or `undefined` if the answer is not a whole array of records.
 *
 * Karapace writes null for an empty value as well, so an empty value arrives as a tombstone there.
 */
export function recordsIn(text: string): readonly KafkaRecord[] | undefined {
  const { success, data } = z.array(Record).safeParse(parseJson(text));
  if (!success) return undefined;
  return data.map(({ topic, partition, offset, key, value, timestamp, headers }) => ({
    topic,
    partition,
    offset,
    timestampMs: timestamp ?? null,
    key: bytesOf(key),
    value: bytesOf(value),
    headers: (headers ?? []).map((header) => [header.key, bytesOf(header.value) ?? Buffer.alloc(0)]),
  }));
}

const bytesOf = (text: string | null | undefined): Buffer | null =>
  text === null || text === undefined ? null : Buffer.from(text, "base64");
