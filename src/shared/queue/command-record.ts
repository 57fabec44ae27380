import { SOURCE_SPECS } from "#contracts/all-sources.ts";
import type { CommandEvent } from "#contracts/commands.ts";
import { writeValue } from "#contracts/envelope.ts";
import { findContract } from "#contracts/index.ts";
import { type DeviceKey, deviceIdOf, sourceOf } from "#domain/event.ts";
import { stampOf } from "./contract-version.ts";
import type { QueuedRecord } from "./parcel.ts";
import { receiptIn } from "./receipt.ts";

export type CommandRecordParts = CommandEvent & {
  readonly deviceKey: DeviceKey;
  readonly eventId: string;
  readonly occurredAtMs: number;
  readonly nowMs: number;
};

/**
 * The record of a command's event, in the form in which its source would have sent it. It has its receipt from here on: the
 * caller hands it to the consumer, and a device's object may send it to the queue again.
 */
export function toCommandRecord({
  topic,
  data,
  deviceKey,
  eventId,
  occurredAtMs,
  nowMs,
}: CommandRecordParts): QueuedRecord {
  const deviceId = deviceIdOf(deviceKey);
  const event = { eventId, occurredAt: new Date(occurredAtMs).toISOString(), deviceId, data };
  const value = writeValue(event, SOURCE_SPECS[sourceOf(deviceKey)].envelope);
  const stamp = stampOf(findContract(topic, nowMs)?.version);
  return {
    topic,
    key: deviceId,
    value: JSON.stringify(value),
    receivedAtMs: nowMs,
    ...stamp,
    receipt: receiptIn(eventId, 0),
  };
}
