import { encodeLines } from "#archive/lines.ts";
import { dayOf, rawKeyOf, rawPrefixOf } from "#archive/names.ts";
import { type ArchivedRecord, toArchived } from "#archive/record.ts";
import { parseStamped } from "#queue/contract-version.ts";
import { generate, type SampleRecord, type Wish } from "../../samples/generate.ts";
import type { MemoryBucket } from "./memory-bucket.ts";

/** A record of the samples, and when it was received. */
export type Received = { readonly sample: SampleRecord; readonly receivedAtMs: number };

/** A drawn year in order of arrival. Each record is received when the newest event before it has occurred, or later. */
export function receivedYear(wish: Wish): Received[] {
  let nowMs = 0;
  return generate(wish).map((sample) => {
    const at = sample.fault || sample.value === null ? 0 : Date.parse(JSON.parse(sample.value).occurredAt);
    nowMs = Math.max(nowMs + 1, at + 150);
    return { sample, receivedAtMs: nowMs };
  });
}

/** As the consumer archives it. The outcome of a good record does not matter to what reads it. */
export function archivedOf({ sample, receivedAtMs }: Received, index: number): ArchivedRecord {
  const { topic, key, value, fault } = sample;
  const record = { topic, key, value, receivedAtMs, receipt: `year.${index}` };
  const parsed = parseStamped(record, receivedAtMs);
  const event = !fault && parsed.ok ? parsed.event : null;
  const settled = { settledAtMs: receivedAtMs + 200, lane: "live" } as const;
  return toArchived(record, { ...settled, event, outcome: event ? "applied" : "deadLettered" });
}

/** Writes raw objects, one an hour. @returns the days that have some, oldest first */
export async function writeRawHours(bucket: MemoryBucket, records: readonly ArchivedRecord[]): Promise<string[]> {
  for (const hour of Map.groupBy(records, rawPrefixOf).values())
    await bucket.put(await rawKeyOf(hour), await encodeLines(hour));
  return [...new Set(records.map(({ receivedAtMs }) => dayOf(receivedAtMs)))].sort();
}
