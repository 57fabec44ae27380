import { raisingOf, viewAlert } from "./alert.ts";
import type { AlertChange, Severity } from "./change.ts";
import type { Device } from "./device.ts";
import type { ConcordEvent, DeviceKey } from "./event.ts";
import type { Version } from "./version.ts";

/** What an event is to a dealer whose devices it touches. */
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

/** That something happened and to what. What it came to is read from D1, by whoever may see it. */
export type Announcement = {
  readonly kind: AnnouncementKind;
  readonly deviceKey: DeviceKey;
  readonly version: Version;
  readonly topic: string;
  /** Whether it occurred while the device was the dealer's: what is not its own is told without saying what it was. */
  readonly isOwn: boolean;
  /** Of events about an alert. */
  readonly alertId: string | null;
  /** As far as it is known. */
  readonly severity: Severity | null;
};

/** An event about which dealers are told, with the device as it is behind it. */
export type Happening = {
  readonly event: ConcordEvent;
  readonly device: Device;
};

/** In front of which versions a device's dealer has to be known: of the event's, and right behind its alert's raising. */
export function momentsOf({ event, device }: Happening): { readonly event: Version; readonly raised: Version | null } {
  const alert = event.change.alert && device.alerts.get(event.change.alert.alertId);
  const raising = alert ? raisingOf(alert) : null;
  return { event: event.version, raised: raising && rightBehind(raising) };
}

/** No character of an event id sorts before a space, so no version lies between the two. */
const rightBehind = (version: Version): Version => `${version} ` as Version;

/**
 * What each dealer is told of an event: one thing each.
 * @param dealerBefore who had the device in front of a version of `momentsOf`
 */
export function announcementsOf(
  happening: Happening,
  dealerBefore: (version: Version) => string | null,
): ReadonlyMap<string, Announcement> {
  const { event, device } = happening;
  const { deviceKey, version, topic, change } = event;
  const { dealer: newest } = device.aspects;
  const holder = newest?.value.dealerId ?? null;
  const moments = momentsOf(happening);
  const alert = change.alert && device.alerts.get(change.alert.alertId);
  const about = { alertId: change.alert?.alertId ?? null, severity: alert ? viewAlert(alert).severity : null };
  const told = new Map<string, Announcement>();
  const tell = (dealerId: string | null, kind: AnnouncementKind, isOwn = true) => {
    if (dealerId !== null && !told.has(dealerId)) {
      told.set(dealerId, { kind, deviceKey, version, topic, isOwn, ...about });
    }
  };
  const before = dealerBefore(moments.event);
  const isNewest = newest?.version === version;
  if (change.dealer !== undefined) {
    const named = change.dealer?.dealerId ?? null;
    // Where two assignments come at once, the last holder is told by the first of them.
    if (before !== named && before !== holder) tell(before, "deviceLost", false);
    if (before !== named && isNewest) tell(holder, "deviceGained");
  }
  // An alert is for whoever had its device when it was raised and has it still.
  if (change.alert && moments.raised && dealerBefore(moments.raised) === holder) tell(holder, alertKind(change.alert));
  const { alert: _, dealer, ...others } = change;
  if (Object.keys(others).length > 0 || (dealer !== undefined && isNewest)) {
    tell(holder, "deviceChanged", isNewest || before === holder);
  }
  return told;
}

function alertKind({ progress, acknowledgement }: AlertChange): AnnouncementKind {
  if (progress) return progress.kind === "raised" ? "alertRaised" : "alertCleared";
  if (acknowledgement) return acknowledgement.kind === "acknowledged" ? "alertAcknowledged" : "alertUnacknowledged";
  return "deviceChanged";
}
