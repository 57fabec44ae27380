import { ALERT_REGISTERS, type Alert } from "./alert.ts";
import type { Assignments } from "./assignment.ts";
import { ASPECTS, type Aspects, type Device } from "./device.ts";
import { HISTORY_LIMIT, type History, type HistoryEntry } from "./history.ts";
import { type Register, type Registers, sameContent } from "./register.ts";
import type { DeviceSnapshot } from "./snapshot.ts";
import { compareText, compareVersions, laterVersion, type Version } from "./version.ts";

/*
 * What a switch makes of a live value and of the same value as the archive has it. It is no join: of two registers with
 * the same version the archive's is right, whatever their content, since the live one may come from a fault. A part that
 * only the live value has, or has of a newer version, stays: it has come since the archive was read, or it is from before
 * the archive. So a switch removes nothing, and a comparison after it names what the archive does not explain.
 */

/** A device after a switch. @returns `live` itself if the archive changes nothing */
export function adoptDevice(live: Device, rebuilt: Device): Device {
  const adopted: Device = {
    key: live.key,
    latest: laterVersion(live.latest, rebuilt.latest),
    aspects: adoptMembers<Aspects>(ASPECTS, live.aspects, rebuilt.aspects),
    alerts: adoptEach(live.alerts, rebuilt.alerts, adoptAlert),
    assignments: adoptAssignments(live.assignments, rebuilt.assignments),
    history: adoptHistory(live.history, rebuilt.history),
  };
  const isSame =
    adopted.latest === live.latest &&
    adopted.aspects === live.aspects &&
    adopted.alerts === live.alerts &&
    adopted.assignments === live.assignments &&
    adopted.history === live.history;
  return isSame ? live : adopted;
}

/** The part of a device that its object holds, after a switch. @returns `live` itself if the archive changes nothing */
export function adoptSnapshot(live: DeviceSnapshot, rebuilt: DeviceSnapshot): DeviceSnapshot {
  const latest = laterVersion(live.latest, rebuilt.latest);
  const aspects = adoptMembers<Aspects>(ASPECTS, live.aspects, rebuilt.aspects);
  const history = adoptHistory(live.history, rebuilt.history);
  const isSame = latest === live.latest && aspects === live.aspects && history === live.history;
  return isSame ? live : { latest, aspects, history };
}

/** A record of a dealer or a customer after a switch. @returns `live` itself if the archive changes nothing */
export function adoptRegister<T>(live: Register<T> | undefined, rebuilt: Register<T>): Register<T> {
  if (!live) return rebuilt;
  const order = compareVersions(live.version, rebuilt.version);
  return order > 0 || (order === 0 && sameContent(live.value, rebuilt.value)) ? live : rebuilt;
}

const adoptAlert = (live: Alert | undefined, rebuilt: Alert): Alert =>
  live ? adoptMembers<Alert>(ALERT_REGISTERS, live, rebuilt) : rebuilt;

function adoptMembers<T extends Registers<T>>(members: readonly (keyof T)[], live: T, rebuilt: T): T {
  const adopted: Partial<T> = {};
  let isChanged = false;
  for (const member of members) {
    const right = rebuilt[member];
    const next = right ? adoptRegister<unknown>(live[member], right) : live[member];
    if (next) adopted[member] = next as T[keyof T];
    if (next !== live[member]) isChanged = true;
  }
  return isChanged ? (adopted as T) : live;
}

const adoptAssignments = (live: Assignments, rebuilt: Assignments): Assignments =>
  adoptEach<Version, string | null>(live, rebuilt, (_, dealerId) => dealerId);

function adoptEach<K, V>(
  live: ReadonlyMap<K, V>,
  rebuilt: ReadonlyMap<K, V>,
  adopt: (live: V | undefined, rebuilt: V) => V,
): ReadonlyMap<K, V> {
  const adopted = new Map(live);
  let isChanged = false;
  for (const [key, right] of rebuilt) {
    const next = adopt(live.get(key), right);
    if (live.has(key) && live.get(key) === next) continue;
    adopted.set(key, next);
    isChanged = true;
  }
  return isChanged ? adopted : live;
}

/** Both lists are newest first. */
function adoptHistory(live: History, rebuilt: History): History {
  const adopted = adoptEvents(live, rebuilt).slice(0, HISTORY_LIMIT);
  const isSame = adopted.length === live.length && adopted.every((entry, i) => entry === live[i]);
  return isSame ? live : adopted;
}

/** Events after a switch, newest first. @returns `live` itself, in the order that it has, if the archive changes nothing */
export function adoptEvents<Event extends HistoryEntry>(
  live: readonly Event[],
  rebuilt: readonly Event[],
): readonly Event[] {
  const adopted = new Map(live.map((event) => [placeOf(event), event]));
  let isChanged = false;
  for (const event of rebuilt) {
    const mine = adopted.get(placeOf(event));
    if (mine && sameContent(mine.data, event.data)) continue;
    adopted.set(placeOf(event), event);
    isChanged = true;
  }
  return isChanged ? [...adopted.values()].sort(newestFirst) : live;
}

const placeOf = ({ version, topic }: HistoryEntry): string => `${topic} ${version}`;

const newestFirst = (a: HistoryEntry, b: HistoryEntry): number =>
  compareVersions(b.version, a.version) || compareText(b.topic, a.topic);
