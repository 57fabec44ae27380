import { viewAlert } from "./alert.ts";
import type { AlertChange, Severity } from "./change.ts";
import type { Device } from "./device.ts";
import type { ConcordEvent, DeviceKey } from "./event.ts";
import { compareVersions, type Version } from "./version.ts";

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
  /** Of events about an alert. */
  readonly alertId: string | null;
  /** As far as it is known. */
  readonly severity: Severity | null;
};

/** An event about which dealers are told, with the device as it is behind it. */
export type Happening = {
  readonly event: ConcordEvent;
  readonly device: Device;
  /** Who had the device in front of this event, by the events of before it. */
  readonly dealerBefore: string | null;
};

/** What each dealer is told of an event: one thing each, and the new dealer another than the old. */
export function announcementsOf({ event, device, dealerBefore }: Happening): ReadonlyMap<string, Announcement> {
  const { deviceKey, version, topic, change } = event;
  const newest = device.aspects.dealer;
  const holder = newest?.value.dealerId ?? null;
  const told = new Map<string, Announcement>();
  const tell = (dealerId: string | null, kind: AnnouncementKind) => {
    if (dealerId === null || told.has(dealerId)) return;
    const alertId = change.alert?.alertId ?? null;
    const alert = alertId === null ? undefined : device.alerts.get(alertId);
    told.set(dealerId, {
      kind,
      deviceKey,
      version,
      topic,
      alertId,
      severity: alert ? viewAlert(alert).severity : null,
    });
  };
  if (newest?.version === version && holder !== dealerBefore) {
    tell(dealerBefore, "deviceLost");
    tell(holder, "deviceGained");
  }
  if (change.alert) {
    const isLate = newest !== undefined && compareVersions(version, newest.version) < 0;
    tell(isLate ? dealerBefore : holder, alertKind(change.alert));
  }
  if (Object.keys(change).some((name) => name !== "alert")) tell(holder, "deviceChanged");
  return told;
}

function alertKind({ progress, acknowledgement }: AlertChange): AnnouncementKind {
  if (progress) return progress.kind === "raised" ? "alertRaised" : "alertCleared";
  if (acknowledgement) return acknowledgement.kind === "acknowledged" ? "alertAcknowledged" : "alertUnacknowledged";
  return "deviceChanged";
}
