import { type Device, joinAspects } from "./device.ts";
import type { ConcordEvent } from "./event.ts";
import { aspectEffects, deltaOf } from "./fleet.ts";
import { joinHistories, remembers } from "./history.ts";
import { type Effect, type MergeOutcome, outcomeOf } from "./outcome.ts";
import { laterVersion } from "./version.ts";

/**
 * The part of a device that is bounded: six registers and the recent history. The device's own object holds it whole;
 * alerts and assignments grow with the years and live as rows in D1. Plain data, so that it may cross an RPC call.
 */
export type DeviceSnapshot = Pick<Device, "latest" | "aspects" | "history">;

/** Where a device's snapshot can be read: the Durable Object of that device. */
export interface DeviceSnapshotSource {
  /** `null` while no event has reached the device; `undefined` while it is not kept up to date, as nobody watches it. */
  snapshot(): Promise<DeviceSnapshot | null | undefined>;
}

export type MergedSnapshot = { readonly snapshot: DeviceSnapshot | null; readonly outcomes: readonly MergeOutcome[] };

/** `merge` for a snapshot: the same join over fewer parts. `snapshot` comes back itself when the events add nothing. */
export function mergeSnapshot(snapshot: DeviceSnapshot | null, events: readonly ConcordEvent[]): MergedSnapshot {
  const outcomes: MergeOutcome[] = [];
  let merged = snapshot;
  for (const event of events) {
    const delta = deltaOf(event).devices.get(event.deviceKey) as Device;
    outcomes.push(outcomeOf(effectsOn(merged, delta)));
    merged = merged
      ? joinSnapshots(merged, delta)
      : { latest: delta.latest, aspects: delta.aspects, history: delta.history };
  }
  return { snapshot: merged, outcomes };
}

export function joinSnapshots(a: DeviceSnapshot, b: DeviceSnapshot): DeviceSnapshot {
  const latest = laterVersion(a.latest, b.latest);
  const aspects = joinAspects(a.aspects, b.aspects);
  const history = joinHistories(a.history, b.history);
  const same = latest === a.latest && aspects === a.aspects && history === a.history;
  return same ? a : { latest, aspects, history };
}

/** An event that touches none of the registers has no effect here, which `outcomeOf` reads as the weakest outcome. */
function effectsOn(current: DeviceSnapshot | null, delta: DeviceSnapshot): Effect[] {
  const effects = aspectEffects(current?.aspects ?? {}, delta.aspects);
  if (current && delta.history.some((entry) => remembers(current.history, entry))) effects.push("repeats");
  return effects;
}
