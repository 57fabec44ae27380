import type { Saying } from "../../src/shared/contracts/commands.ts";
import { type DeviceKey, deviceIdOf } from "../../src/shared/domain/event.ts";
import type { QueuedRecord } from "../../src/shared/queue/parcel.ts";

export type Utterance = Saying & {
  readonly deviceKey: DeviceKey;
  readonly eventId: string;
  readonly occurredAtMs: number;
  readonly nowMs: number;
};

/** The record of an event that we make ourselves, as its source would have sent it. */
export function recordOf({ topic, data, deviceKey, eventId, occurredAtMs, nowMs }: Utterance): QueuedRecord {
  const deviceId = deviceIdOf(deviceKey);
  const value = { eventId, occurredAt: new Date(occurredAtMs).toISOString(), deviceId, data };
  return { topic, key: deviceId, value: JSON.stringify(value), receivedAtMs: nowMs };
}
