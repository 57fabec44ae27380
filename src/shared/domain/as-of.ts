import type { Device } from "./device.ts";
import type { ConcordEvent } from "./event.ts";
import { EMPTY_FLEET, merge } from "./fleet.ts";
import type { Moment } from "./time.ts";
import { versionMoment } from "./version.ts";

/** An event, and when its record was received, in milliseconds. */
export type ReceivedEvent = { readonly event: ConcordEvent; readonly receivedAtMs: number };

/** What is asked for: what had occurred by `asOf`, of what had been received by `knownAtMs`. Both include the moment itself. */
export type Instant = { readonly asOf: Moment; readonly knownAtMs: number };

/**
 * A device without its history: the registers, alerts and assignments of some of its events. Plain data and maps, so that
 * it can cross an RPC call.
 */
export type DeviceState = Omit<Device, "history">;

/** Whether an event is part of the answer. */
export const countsAsOf = (
  {
    event: { version },
    receivedAtMs,
  }: { readonly event: Pick<ConcordEvent, "version">; readonly receivedAtMs: number },
  { asOf, knownAtMs }: Instant,
): boolean => versionMoment(version) <= asOf && receivedAtMs <= knownAtMs;

/**
 * A device as of an instant: the join of the events that count. Their order and repetitions do not matter.
 * @param events of one device
 * @param base the state of events that all count, such as that of everything received in earlier months
 * @returns `null` if nothing about the device had occurred, or nothing was known of it
 */
export function asOf(
  events: readonly ReceivedEvent[],
  instant: Instant,
  base: DeviceState | null = null,
): DeviceState | null {
  return foldDevice(
    events.filter((received) => countsAsOf(received, instant)).map(({ event }) => event),
    base,
  );
}

/** The state of a device after events of it, in any order, beside those that `base` has. `base` itself if they add nothing. */
export function foldDevice(events: readonly ConcordEvent[], base: DeviceState | null = null): DeviceState | null {
  const [first] = events;
  const key = base?.key ?? first?.deviceKey;
  if (key === undefined || !first) return base;
  const fleet = base ? { ...EMPTY_FLEET, devices: new Map([[key, { ...base, history: [] }]]) } : EMPTY_FLEET;
  const device = merge(fleet, events).fleet.devices.get(key) as Device;
  const { latest, aspects, alerts, assignments } = device;
  return { key, latest, aspects, alerts, assignments };
}
