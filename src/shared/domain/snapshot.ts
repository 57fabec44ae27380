import { type Device, joinAspects } from "./device.ts";
import type { ConcordEvent } from "./event.ts";
import { aspectEffects, toDelta } from "./fleet.ts";
import { hasEntry, joinHistories } from "./history.ts";
import { type Effect, type MergeOutcome, outcomeFrom } from "./outcome.ts";
import { laterVersion } from "./version.ts";

/**
 * The part of a device whose size is bounded: six registers and the recent history. The device's object stores it as one
 * value. Alerts and assignments grow without bound and are rows in D1. Plain data, so that it can cross an RPC call.
 */
export type DeviceSnapshot = Pick<Device, "latest" | "aspects" | "history">;

/** Reads a device's snapshot from the Durable Object of that device. */
export interface DeviceSnapshotSource {
  /** `null` if no event has reached the device; `undefined` while it has no subscribers and so is not kept up to date. */
  snapshot(): Promise<DeviceSnapshot | null | undefined>;
}

export type MergedSnapshot = { readonly snapshot: DeviceSnapshot | null; readonly outcomes: readonly MergeOutcome[] };

/** `merge` for a snapshot: the same join over fewer parts. @returns `snapshot` itself if the events add nothing */
export function mergeSnapshot(snapshot: DeviceSnapshot | null, events: readonly ConcordEvent[]): MergedSnapshot {
  const outcomes: MergeOutcome[] = [];
  let merged = snapshot;
  for (const event of events) {
    const delta = toDelta(event).devices.get(event.deviceKey) as Device;
    outcomes.push(outcomeFrom(effectsOn(merged, delta)));
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

/** An event that touches none of the registers has no effect here, which makes its outcome `superseded`, the weakest. */
function effectsOn(current: DeviceSnapshot | null, delta: DeviceSnapshot): Effect[] {
  const effects = aspectEffects(current?.aspects ?? {}, delta.aspects);
  if (current && delta.history.some((entry) => hasEntry(current.history, entry))) effects.push("repeats");
  return effects;
}
