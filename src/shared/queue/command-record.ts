import type { Saying } from "../contracts/commands.ts";
import { type DeviceKey, deviceIdOf } from "../domain/event.ts";
import type { QueuedRecord } from "./parcel.ts";

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
