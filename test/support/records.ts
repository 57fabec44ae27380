import { writeValue } from "#contracts/envelope.ts";
import { CONTRACTS } from "#contracts/index.ts";
import { parseRecord } from "#contracts/parse.ts";
import type { ConcordEvent } from "#domain/event.ts";
import type { QueuedRecord } from "#queue/parcel.ts";

/** The fixed current time of the tests. Events occurred before it. */
export const NOW_MS = Date.UTC(2026, 10, 23, 13);

export type EventSpec = {
  topic: string;
  eventId?: string;
  /** RFC 3339 */
  occurredAt?: string;
  deviceId?: string;
  data?: unknown;
};

let nextEvent = 0;

/** The value of a valid record; `data` is the contract's example unless given. */
export function eventValue(spec: EventSpec): Record<string, unknown> {
  const contract = CONTRACTS.find(({ topic }) => topic === spec.topic);
  const event = {
    eventId: spec.eventId ?? `evt-${++nextEvent}`,
    occurredAt: spec.occurredAt ?? "2026-11-23T12:00:00Z",
    deviceId: spec.deviceId ?? "dev-1",
    data: spec.data ?? contract?.example,
  };
  return writeValue(event, contract?.places);
}

export function recordOf(spec: EventSpec): QueuedRecord {
  const value = eventValue(spec);
  return { topic: spec.topic, key: spec.deviceId ?? "dev-1", value: JSON.stringify(value), receivedAtMs: NOW_MS };
}

export function eventOf(spec: EventSpec): ConcordEvent {
  const record = recordOf(spec);
  const parsed = parseRecord(record, NOW_MS);
  if (!parsed.ok) throw new Error(`the test's own event is bad: ${JSON.stringify(parsed.rejection)}`);
  return parsed.event;
}
