import type { Device } from "#domain/device.ts";
import type { DeviceKey } from "#domain/event.ts";
import { HISTORY_LIMIT } from "#domain/history.ts";
import { historyPath, type Part, partsOf } from "#domain/parts.ts";
import type { DeviceSnapshot } from "#domain/snapshot.ts";
import { compareVersions } from "#domain/version.ts";
import type { Difference } from "./difference.ts";
import { differingParts, type IsExplained } from "./parts.ts";

/** What a device's object holds. A history is whole only if every event of the device has been sent to the object. */
export type LiveObject = DeviceSnapshot & { readonly hasWholeHistory: boolean };

/** What differs between a device's object and the fold of the archived events. */
export function compareObject(
  subject: DeviceKey,
  object: LiveObject | null,
  fold: Device | null,
  isExplained: IsExplained,
): Difference[] {
  const archived = objectParts(fold);
  const live = objectParts(object);
  const kept = new Map([...archived].filter(([, part]) => isKept(part, object)));
  const snapshot = differingParts({
    subject,
    live: only(live, "device"),
    archived: only(kept, "device"),
    isExplained,
    place: "snapshot",
  });
  const history = differingParts({
    subject,
    live: only(live, "history"),
    archived: only(kept, "history"),
    isExplained,
    place: "history",
  });
  return [...snapshot, ...history];
}

function objectParts(state: Pick<Device, "latest" | "aspects" | "history"> | null): ReadonlyMap<string, Part> {
  return state ? partsOf({ ...state, alerts: new Map(), assignments: new Map() }) : new Map();
}

const only = (parts: ReadonlyMap<string, Part>, place: Part["place"]): ReadonlyMap<string, Part> =>
  new Map([...parts].filter(([, part]) => part.place === place));

/** Whether the object still has to have an archived part: a full history has dropped what is older than all that it keeps. */
function isKept(part: Part, object: LiveObject | null): boolean {
  if (part.place !== "history" || !object) return true;
  if (!object.hasWholeHistory) return object.history.some((entry) => historyPath(entry) === part.path);
  const oldest = object.history.at(-1);
  const isFull = object.history.length >= HISTORY_LIMIT && oldest !== undefined;
  return !isFull || compareVersions(part.version, oldest.version) >= 0;
}
