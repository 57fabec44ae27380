import { raisedVersion, viewAlert } from "./alert.ts";
import type { AlertChange, Severity } from "./change.ts";
import type { Device } from "./device.ts";
import type { ConcordEvent, DeviceKey } from "./event.ts";
import type { Version } from "./version.ts";

/** What an event means to a dealer. */
export const ANNOUNCEMENT_KINDS = [
  "deviceGained",
  "deviceLost",
  "deviceChanged",
  "alertRaised",
  "alertCleared",
  "alertAcknowledged",
  "alertUnacknowledged",
] as const;
export type AnnouncementKind = (typeof ANNOUNCEMENT_KINDS)[number];

/** Says what happened to which device. The resulting state is not in it: a subscriber reads that from D1, in its own scope. */
export type Announcement = {
  readonly kind: AnnouncementKind;
  readonly deviceKey: DeviceKey;
  readonly version: Version;
  readonly topic: string;
  /** Whether the device was the dealer's when the event occurred. If not, subscribers do not get the event's content. */
  readonly isOwn: boolean;
  /** Set for events about an alert. */
  readonly alertId: string | null;
  /** `null` for other events, and while the alert's raise has not arrived. */
  readonly severity: Severity | null;
};

/** An event that was merged, with the device that resulted. */
export type MergedEvent = {
  readonly event: ConcordEvent;
  readonly device: Device;
};

/**
 * The versions before which `announcementsFor` needs to know the device's dealer: that of the event, and for an event
 * about an alert the one just after its raise.
 */
export function dealerLookups({ event, device }: MergedEvent): {
  readonly event: Version;
  readonly raised: Version | null;
} {
  const alert = event.change.alert && device.alerts.get(event.change.alert.alertId);
  const raising = alert ? raisedVersion(alert) : null;
  return { event: event.version, raised: raising && justAfter(raising) };
}

/** No character of an event id sorts before a space, so no version lies between `version` and this one. */
const justAfter = (version: Version): Version => `${version} ` as Version;

/**
 * The announcements of an event, by dealer id: at most one for each dealer.
 * @param dealerBefore the dealer who had the device just before a version of `dealerLookups`
 */
export function announcementsFor(
  merged: MergedEvent,
  dealerBefore: (version: Version) => string | null,
): ReadonlyMap<string, Announcement> {
  const { event, device } = merged;
  const { deviceKey, version, topic, change } = event;
  const { dealer: newest } = device.aspects;
  const holder = newest?.value.dealerId ?? null;
  const lookups = dealerLookups(merged);
  const alert = change.alert && device.alerts.get(change.alert.alertId);
  const about = { alertId: change.alert?.alertId ?? null, severity: alert ? viewAlert(alert).severity : null };
  const announcements = new Map<string, Announcement>();
  const announce = (dealerId: string | null, kind: AnnouncementKind, isOwn = true) => {
    if (dealerId !== null && !announcements.has(dealerId)) {
      announcements.set(dealerId, { kind, deviceKey, version, topic, isOwn, ...about });
    }
  };
  const before = dealerBefore(lookups.event);
  const isNewest = newest?.version === version;
  if (change.dealer !== undefined) {
    const named = change.dealer?.dealerId ?? null;
    // Of two assignments in one batch, the first one announces the loss to the previous holder.
    if (before !== named && before !== holder) announce(before, "deviceLost", false);
    if (before !== named && isNewest) announce(holder, "deviceGained");
  }
  // A dealer sees an alert if the device was its own when the alert was raised, and still is.
  if (change.alert && lookups.raised && dealerBefore(lookups.raised) === holder) {
    announce(holder, alertKind(change.alert));
  }
  const { alert: _, dealer, ...others } = change;
  if (Object.keys(others).length > 0 || (dealer !== undefined && isNewest)) {
    announce(holder, "deviceChanged", isNewest || before === holder);
  }
  return announcements;
}

function alertKind({ progress, acknowledgement }: AlertChange): AnnouncementKind {
  if (progress) return progress.kind === "raised" ? "alertRaised" : "alertCleared";
  if (acknowledgement) return acknowledgement.kind === "acknowledged" ? "alertAcknowledged" : "alertUnacknowledged";
  return "deviceChanged";
}
