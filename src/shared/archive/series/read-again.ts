import { isBase64 } from "#base/base64.ts";
import type { ConcordEvent } from "#domain/event.ts";
import { parseStamped } from "#queue/contract-version.ts";
import { type ArchivedRecord, isMerged } from "../record.ts";

/**
 * The event of a record that was merged, by today's contracts, with upcasters; `null` for a dead letter that D1
 * does not hold, and for what today's contracts refuse. It is read at the time at which it was settled: an alias of its topic may have ended since.
 */
export function readAgain(record: ArchivedRecord): ConcordEvent | null {
  const { deviceKey, key, keyEncoding, value, encoding } = record;
  if (!isMerged(record) || deviceKey === null) return null;
  // Nothing that was merged is like that, and one record must not stop the series of all others.
  if ((encoding && !isBase64(value ?? "")) || (keyEncoding && !isBase64(key ?? ""))) return null;
  const parsed = parseStamped(record, record.settledAtMs);
  return parsed.ok ? parsed.event : null;
}
