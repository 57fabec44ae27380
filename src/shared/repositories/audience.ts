import { type Announcement, announcementsOf, type Happening, momentsOf } from "../domain/announcement.ts";
import type { DeviceKey } from "../domain/event.ts";
import { compareVersions, type Version } from "../domain/version.ts";
import { IS_CURRENT, watchOf } from "./watch.ts";

/** Who of those that watch is to be told of some events. */
export type Audience = {
  readonly devices: readonly DeviceKey[];
  /** One an event, with the watched dealers only. */
  readonly announcements: readonly ReadonlyMap<string, Announcement>[];
};

export type WatchRow = { id: string };
export type PredecessorRow = {
  device_key: DeviceKey;
  version: Version;
  dealer_id: string | null;
  watch: string | null;
};

const WATCHED = `SELECT w.id FROM json_each(?1) j JOIN watches w ON w.id = j.value WHERE ${IS_CURRENT}`;

/** Who had a device in front of a version, and the watch over that dealer. */
const PREDECESSORS = `SELECT a.device_key, j.value->>1 AS version, a.dealer_id, w.id AS watch
  FROM json_each(?1) j JOIN assignments a ON a.device_key = j.value->>0 AND a.version =
    (SELECT p.version FROM assignments p WHERE p.device_key = j.value->>0 AND p.version < j.value->>1
      ORDER BY p.version DESC LIMIT 1)
  LEFT JOIN watches w ON w.id = 'dealer ' || a.dealer_id AND ${IS_CURRENT}`;

/** What has to be asked of D1, behind what the events wrote, so that `audienceOf` can tell. */
export function audienceQuestions(happenings: readonly Happening[]) {
  const watches = new Set<string>();
  const places = new Map<string, [DeviceKey, Version]>();
  for (const happening of happenings) {
    const { deviceKey } = happening.event;
    watches.add(watchOf({ kind: "device", deviceKey }));
    const dealerId = happening.device.aspects.dealer?.value.dealerId;
    if (dealerId) watches.add(watchOf({ kind: "dealer", dealerId }));
    for (const version of Object.values(momentsOf(happening))) {
      if (version !== null && !isHoldersTime(happening, version))
        places.set(`${deviceKey} ${version}`, [deviceKey, version]);
    }
  }
  return [
    { sql: WATCHED, keys: [...watches] },
    { sql: PREDECESSORS, keys: [...places.values()] },
  ];
}

/** For most events whoever has the device now had it then. */
function isHoldersTime({ device }: Happening, version: Version): boolean {
  const newest = device.aspects.dealer;
  return newest === undefined || compareVersions(newest.version, version) < 0;
}

export function audienceOf(
  happenings: readonly Happening[],
  watches: readonly WatchRow[],
  predecessors: readonly PredecessorRow[],
): Audience {
  const watched = new Set(watches.map(({ id }) => id));
  const before = new Map<string, string | null>();
  for (const { device_key, version, dealer_id, watch } of predecessors) {
    if (watch !== null) watched.add(watch);
    before.set(`${device_key} ${version}`, dealer_id);
  }
  const announcements = happenings.map((happening) => {
    const { event, device } = happening;
    const told = announcementsOf(happening, (version) =>
      isHoldersTime(happening, version)
        ? (device.aspects.dealer?.value.dealerId ?? null)
        : (before.get(`${event.deviceKey} ${version}`) ?? null),
    );
    return new Map([...told].filter(([dealerId]) => watched.has(watchOf({ kind: "dealer", dealerId }))));
  });
  const keys = new Set(happenings.map(({ event }) => event.deviceKey));
  const devices = [...keys].filter((deviceKey) => watched.has(watchOf({ kind: "device", deviceKey })));
  return { devices, announcements };
}
