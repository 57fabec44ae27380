import { newestExpiredDay, RETENTION, type RetentionTable } from "#archive/retention.ts";
import { dayStartMs } from "#archive/series/names.ts";
import { DAY_MS } from "#domain/time.ts";

/**
 * Since when records of a source are kept, by their receipt, in milliseconds since 1970 UTC: all that the archive got later
 * is in it. `null` if it keeps every record for ever.
 */
export function keptSinceMs(source: string, nowMs: number, table: RetentionTable = RETENTION): number | null {
  const topics = Object.entries(table.topics).filter(([topic]) => topic.startsWith(`device.${source}.`));
  const expired = newestExpiredDay(nowMs, { ...table, topics: Object.fromEntries(topics) });
  return expired === null ? null : dayStartMs(expired) + DAY_MS;
}
