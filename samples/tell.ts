import type { Device, Source } from "./fleet.ts";
import type { Random } from "./random.ts";
import { tellable, writeTime } from "./times.ts";

/**
 * An event that is planned. Stories plan in any order; the content of an event is decided when the year is generated
 * from its beginning, since a profile is sent whole and depends on earlier events.
 */
export type Plan = { readonly device: Device; readonly atMs: number; readonly say: (atMs: number) => Said };

/** `topic` without `device.{source}.` in front. */
export type Said = { readonly topic: string; readonly data: object; readonly alertId?: string };

export type Envelope = { eventId: string; occurredAt: string; deviceId: string; data: object };

export type Told = {
  readonly device: Device;
  readonly atMs: number;
  readonly topic: string;
  readonly envelope: Envelope;
  readonly alertId?: string;
};

/** Generates the planned events in order of time, one event each. */
export function tell(plans: readonly Plan[], random: Random): Told[] {
  const inOrder = [...plans].sort((a, b) => a.atMs - b.atMs);
  return inOrder.map(({ device, atMs: plannedMs, say }, i) => {
    const atMs = tellable(device, plannedMs, random);
    const { topic, data, alertId } = say(atMs);
    const eventId = drawEventId(device.source, i, atMs, random);
    const envelope = { eventId, occurredAt: writeTime(device, atMs, random), deviceId: device.deviceId, data };
    return { device, atMs, topic: `device.${device.source}.${topic}`, envelope, ...(alertId && { alertId }) };
  });
}

/** Each source has its own form of event ids; `i` keeps them apart. */
function drawEventId(source: Source, i: number, atMs: number, random: Random): string {
  const serial = i.toString(16).padStart(8, "0");
  switch (source) {
    case "infinity":
      return `${random.hex(8)}-${random.hex(4)}-4${random.hex(3)}-a${random.hex(3)}-${random.hex(4)}${serial}`;
    case "elt":
      return `EVT-${String(i).padStart(8, "0")}`;
    case "ecobee":
      return `${Math.floor(atMs / 1000).toString(16)}${random.hex(8)}${serial}`;
  }
}
