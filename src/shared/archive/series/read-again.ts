import type { ConcordEvent } from "#domain/event.ts";
import { parseStamped } from "#queue/contract-version.ts";
import type { ArchivedRecord } from "../record.ts";

/**
 * The event of a record that was merged, by today's contracts, with upcasters; `null` for a dead letter, and for what today's
 * contracts refuse. It is read at the time at which it was settled: an alias of its topic may have ended since.
 */
export function readAgain(record: ArchivedRecord): ConcordEvent | null {
  if (record.outcome === "deadLettered") return null;
  const parsed = parseStamped(record, record.settledAtMs);
  return parsed.ok ? parsed.event : null;
}
