import { type Announcement, announcementsFor, dealerLookups, type MergedEvent } from "#domain/announcement.ts";
import type { DeviceKey } from "#domain/event.ts";
import { compareVersions, type Version } from "#domain/version.ts";
import { IS_CURRENT, WATCHED, watchId } from "./watch.ts";

/** The subscribers of some events: devices and dealers that are watched. */
export type Audience = {
  readonly devices: readonly DeviceKey[];
  /** The announcements of each event by dealer, in the order of the events, for watched dealers only. */
  readonly announcements: readonly ReadonlyMap<string, Announcement>[];
};

export type WatchRow = { id: string };
export type PredecessorRow = {
  device_key: DeviceKey;
  version: Version;
  dealer_id: string | null;
  watch: string | null;
};

/** The dealer who had a device just before a version, and that dealer's watch if there is one. */
const PREDECESSORS = `SELECT a.device_key, j.value->>1 AS version, a.dealer_id, w.id AS watch
  FROM json_each(?1) j JOIN assignments a ON a.device_key = j.value->>0 AND a.version =
    (SELECT p.version FROM assignments p WHERE p.device_key = j.value->>0 AND p.version < j.value->>1
      ORDER BY p.version DESC LIMIT 1)
  LEFT JOIN watches w ON w.id = 'dealer ' || a.dealer_id AND ${IS_CURRENT}`;

/** The queries that `toAudience` needs the rows of, for the same transaction as the events' writes, and after them. */
export function audienceQueries(events: readonly MergedEvent[]) {
  const watches = new Set<string>();
  const lookups = new Map<string, [DeviceKey, Version]>();
  for (const merged of events) {
    const { deviceKey } = merged.event;
    watches.add(watchId({ kind: "device", deviceKey }));
    const dealerId = merged.device.aspects.dealer?.value.dealerId;
    if (dealerId) watches.add(watchId({ kind: "dealer", dealerId }));
    for (const version of Object.values(dealerLookups(merged))) {
      if (version !== null && !isUnderCurrentDealer(merged, version))
        lookups.set(`${deviceKey} ${version}`, [deviceKey, version]);
    }
  }
  return [
    { sql: WATCHED, keys: [...watches] },
    { sql: PREDECESSORS, keys: [...lookups.values()] },
  ];
}

/** True of most events: they are newer than the device's last assignment, so D1 need not be asked who had it then. */
function isUnderCurrentDealer({ device }: MergedEvent, version: Version): boolean {
  const newest = device.aspects.dealer;
  return newest === undefined || compareVersions(newest.version, version) < 0;
}

export function toAudience(
  events: readonly MergedEvent[],
  watches: readonly WatchRow[],
  predecessors: readonly PredecessorRow[],
): Audience {
  const watched = new Set(watches.map(({ id }) => id));
  const before = new Map<string, string | null>();
  for (const { device_key, version, dealer_id, watch } of predecessors) {
    if (watch !== null) watched.add(watch);
    before.set(`${device_key} ${version}`, dealer_id);
  }
  const announcements = events.map((merged) => {
    const { event, device } = merged;
    const byDealer = announcementsFor(merged, (version) =>
      isUnderCurrentDealer(merged, version)
        ? (device.aspects.dealer?.value.dealerId ?? null)
        : (before.get(`${event.deviceKey} ${version}`) ?? null),
    );
    return new Map([...byDealer].filter(([dealerId]) => watched.has(watchId({ kind: "dealer", dealerId }))));
  });
  const keys = new Set(events.map(({ event }) => event.deviceKey));
  const devices = [...keys].filter((deviceKey) => watched.has(watchId({ kind: "device", deviceKey })));
  return { devices, announcements };
}
