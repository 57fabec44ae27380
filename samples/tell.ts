import type { Device, Source } from "./fleet.ts";
import type { Random } from "./random.ts";
import { tellable, writeTime } from "./times.ts";

/**
 * Something that is going to happen. Stories plan in any order; what an event says is decided only when the year is
 * told from its beginning, because a profile is sent whole and so holds what earlier events made of it.
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

/** Tells the plans in order of time: one event each. */
export function tell(plans: readonly Plan[], random: Random): Told[] {
  const inOrder = [...plans].sort((a, b) => a.atMs - b.atMs);
  return inOrder.map(({ device, atMs: plannedMs, say }, i) => {
    const atMs = tellable(device, plannedMs, random);
    const { topic, data, alertId } = say(atMs);
    const eventId = eventIdOf(device.source, i, atMs, random);
    const envelope = { eventId, occurredAt: writeTime(device, atMs, random), deviceId: device.deviceId, data };
    return { device, atMs, topic: `device.${device.source}.${topic}`, envelope, ...(alertId && { alertId }) };
  });
}

/** Each source counts its events in a way of its own; `i` keeps them apart. */
function eventIdOf(source: Source, i: number, atMs: number, random: Random): string {
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
