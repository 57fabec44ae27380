import type { Change } from "#domain/change.ts";
import { type ConcordEvent, type DeviceKey, sourceOf } from "#domain/event.ts";
import type { HistoryEntry } from "#domain/history.ts";
import { toMilliseconds } from "#domain/time.ts";
import { versionEventId, versionMoment } from "#domain/version.ts";
import { findContract } from "./index.ts";

/**
 * The event of an entry of a device's history, by today's contract of its topic.
 * @returns `null` if the contract refuses its data, as it may data from an earlier version of the contract
 */
export function eventOfEntry(
  deviceKey: DeviceKey,
  { topic, version, data }: HistoryEntry,
  nowMs: number,
): ConcordEvent | null {
  const change = changeOf({ topic, data }, nowMs);
  if (change === null || findContract(topic, nowMs)?.source !== sourceOf(deviceKey)) return null;
  const occurredAtMs = toMilliseconds(versionMoment(version));
  return { topic, deviceKey, eventId: versionEventId(version), occurredAtMs, version, data, change };
}

function changeOf({ topic, data }: Pick<HistoryEntry, "topic" | "data">, nowMs: number): Change | null {
  const contract = findContract(topic, nowMs);
  if (!contract) return null;
  if (data === null) return contract.tombstone ?? null;
  // What a history keeps is the data as it was written.
  const parsed = contract.data.safeParse(data);
  return parsed.success ? contract.toChange(parsed.data) : null;
}
