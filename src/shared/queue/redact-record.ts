import { placeOf, writeValue } from "#contracts/envelope.ts";
import { findContract } from "#contracts/index.ts";
import { type ConcordEvent, deviceIdOf } from "#domain/event.ts";
import { versionMoment } from "#domain/version.ts";
import { stampOf } from "./contract-version.ts";
import { decodeKey, type QueuedRecord } from "./parcel.ts";

/**
 * The record of an event that was redacted: its value is written again from the event, in the form of its source and in
 * the current version of its contract. Headers and members that no contract declares are left out, and so is a key that is
 * not the device's id: nobody knows what is in them.
 */
export function redactRecord<R extends QueuedRecord>(record: R, event: ConcordEvent): R {
  const contract = findContract(event.topic, 0);
  const { headers: _, encoding: __, contractVersion: ___, ...kept } = record;
  const deviceId = deviceIdOf(event.deviceKey);
  const key = decodeKey(record);
  const isDevice = key !== null && placeOf("deviceId", contract?.places).as.safeParse(key).data === deviceId;
  const { keyEncoding: ____, ...withoutKey } = kept;
  const value =
    record.value === null
      ? null
      : JSON.stringify(
          writeValue(
            { eventId: event.eventId, occurredAt: exactTime(event), deviceId, data: event.data },
            contract?.places,
          ),
        );
  const redacted: QueuedRecord = {
    ...(isDevice ? kept : { ...withoutKey, key: null }),
    value,
    ...(value !== null && stampOf(contract?.version)),
  };
  // Every member beside those is the record's own: its receipt, its coordinates, its attempts.
  return redacted as R;
}

/** With all its digits, so that the record's version stays as it is. */
function exactTime({ version }: ConcordEvent): string {
  const [milliseconds = "", finer = ""] = versionMoment(version).split("Z");
  return `${milliseconds}${finer}Z`;
}
