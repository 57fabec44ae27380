import { compareDevice, type LiveDevice } from "#archive/compare/device.ts";
import type { Difference } from "#archive/compare/difference.ts";
import { compareParty } from "#archive/compare/party.ts";
import type { Device } from "#domain/device.ts";
import type { DeviceKey } from "#domain/event.ts";
import { historyPath } from "#domain/parts.ts";
import type { PartyKey } from "#domain/party.ts";
import type { RebuildSink, RebuiltObject } from "#objects/rebuild.ts";
import {
  type PartyKind,
  type StoredDevice,
  StoredFleetRepository,
  type StoredParty,
} from "#repositories/stored-fleet.ts";
import type { JobDeps } from "../job-kind.ts";
import { objectOf, requireRebuilt } from "./replay.ts";

/** The two databases, each read where it is written. */
export const fleetsOf = (deps: JobDeps) => ({
  live: new StoredFleetRepository(deps.db.withSession("first-primary")),
  rebuilt: new StoredFleetRepository(requireRebuilt(deps).withSession("first-primary")),
});

/** A device as it is live, and as the archive has it. */
export type DeviceSides = {
  readonly stored: StoredDevice;
  readonly live: LiveDevice;
  /** `null` if no archived event is of the device. */
  readonly rebuilt: Device | null;
  /** What differs between the events of its object's values. */
  readonly events: readonly Difference[];
};

/**
 * Reads both sides of devices. The rebuilt rows are read first, and both values of an object at once: what is in the
 * archive was in the live state before, so a live part below its rebuilt one is wrong for certain.
 */
export async function readDevices(
  deps: JobDeps,
  keys: readonly DeviceKey[],
  withObjects: boolean,
): Promise<DeviceSides[]> {
  const { live, rebuilt } = fleetsOf(deps);
  const archived = await rebuilt.findDevices(keys);
  const objects = new Map<DeviceKey, RebuiltObject>(
    withObjects
      ? await Promise.all(keys.map(async (key) => [key, await objectOf<RebuildSink>(deps, key).readRebuilt()] as const))
      : [],
  );
  const stored = await live.findDevices(keys);
  return keys.map((key) => {
    const object = objects.get(key);
    const rows = stored.get(key) as StoredDevice;
    return {
      stored: rows,
      live: { ...rows, ...objectIn(object) },
      rebuilt: deviceOf(archived.get(key)),
      events: eventDifferences(key, object),
    };
  });
}

/** Without a second value there is nothing to compare an object with. Its events it has compared itself. */
const objectIn = (object: RebuiltObject | undefined): Pick<LiveDevice, "object"> =>
  object?.isKept && object.rebuilt
    ? { object: object.live && { ...object.live, history: [], hasWholeHistory: false } }
    : {};

/** What an object found between its events and those of the archive. */
export const eventDifferences = (key: DeviceKey, object: RebuiltObject | undefined): Difference[] =>
  !object?.isKept
    ? []
    : object.events.map(({ version, topic, cause, isAbove }) => {
        const path = topic === null ? `history[${version}]` : historyPath({ version, topic });
        return {
          ...{ place: "history", subject: key, part: path, path, cause, live: null, archived: null, isAbove },
          liveVersion: cause === "missing" ? null : version,
          archivedVersion: cause === "notArchived" ? null : version,
          ...(topic !== null && { topic }),
        };
      });

export function deviceOf(stored: StoredDevice | undefined): Device | null {
  if (!stored?.row) return null;
  return {
    key: stored.key,
    latest: stored.row.latest,
    aspects: stored.row.aspects,
    alerts: new Map(stored.alerts.map(({ alertId, alert }) => [alertId, alert])),
    assignments: stored.assignments,
    history: [],
  };
}

/** What a live value has that the archive did not explain when it was read, and what was wrong for certain. */
export type Suspect =
  | {
      readonly kind: "device";
      readonly key: DeviceKey;
      readonly live: LiveDevice;
      /** The events of its object that the archive did not explain, by their paths. */
      readonly events: readonly string[];
      readonly certain: readonly Difference[];
    }
  | {
      readonly kind: PartyKind;
      readonly key: PartyKey;
      readonly live: StoredParty | null;
      readonly certain: readonly Difference[];
    };

/** @returns `null` if both sides are the same */
export function suspectDevice({ live, rebuilt, events }: DeviceSides): Suspect | null {
  const differences = [...compareDevice(live, rebuilt), ...events];
  if (differences.length === 0) return null;
  const unexplained = events.filter(({ isAbove }) => isAbove).map(({ path }) => path);
  const certain = differences.filter(({ isAbove }) => !isAbove);
  return { kind: "device", key: live.key, live, events: unexplained, certain };
}

export function suspectParty(
  kind: PartyKind,
  key: PartyKey,
  { live, rebuilt }: { readonly live: StoredParty | null; readonly rebuilt: StoredParty | null },
): Suspect | null {
  const differences = compareParty(kind, key, live, rebuilt);
  return differences.length === 0 ? null : { kind, key, live, certain: differences.filter(({ isAbove }) => !isAbove) };
}

/**
 * What is wrong, now that everything is replayed that the live value had when it was read. What it had above the archive is
 * explained if the archive has come up to it; what it lacked is still wrong, whatever has come since.
 * @param events what differs by now between the events of the object's values
 */
export function judgeDevice(
  suspect: Extract<Suspect, { kind: "device" }>,
  rebuilt: Device | null,
  events: readonly Difference[],
): Difference[] {
  const above = [
    ...compareDevice(suspect.live, rebuilt),
    ...events.filter(({ path }) => suspect.events.includes(path)),
  ].filter(({ isAbove }) => isAbove);
  return [...suspect.certain, ...above];
}

export function judgeParty(suspect: Exclude<Suspect, { kind: "device" }>, rebuilt: StoredParty | null): Difference[] {
  const differences = compareParty(suspect.kind, suspect.key, suspect.live, rebuilt);
  return [...suspect.certain, ...differences.filter(({ isAbove }) => isAbove)];
}
