import type { AlertView } from "../domain/alert.ts";
import type { StatusReport } from "../domain/change.ts";
import type { DeviceStatus } from "../domain/device.ts";
import type { DeviceKey, Source } from "../domain/event.ts";
import type { Twin } from "../domain/twin.ts";

/**
 * What the operations API says of devices, as JSON. Times are RFC 3339 in UTC; a cursor is opaque, and `null` behind
 * the last page. What is personal is masked for everybody, as it is in letters.
 */

/** A place, as exactly as anybody at the desk may know it. */
export type Place = { readonly [part: string]: string | number };

export type DeviceJson = {
  readonly key: DeviceKey;
  readonly source: Source;
  readonly deviceId: string;
  readonly status: DeviceStatus;
  readonly serialNumber: string | null;
  readonly model: string | null;
  readonly firmware: string | null;
  readonly name: string | null;
  readonly features: readonly string[];
  readonly location: Place | null;
  readonly registeredAt: string | null;
  readonly updatedAt: string;
  readonly dealerId: string | null;
  readonly customerId: string | null;
  readonly report: (StatusReport & { readonly reportedAt: string }) | null;
  readonly twin: Twin;
};

/** A page may hold fewer than were asked for, or none, and yet another follow. */
export type DevicePage = { readonly devices: readonly DeviceJson[]; readonly nextCursor: string | null };

/** Whom a device belonged to when; open-ended where `to` is null. */
export type AssignmentJson = {
  readonly dealerId: string | null;
  /** `null` where nobody has told it. */
  readonly dealerName: string | null;
  readonly from: string;
  readonly to: string | null;
};

export type AlertJson = AlertView & { readonly alertId: string };

export type DeviceDetail = DeviceJson & {
  /** Oldest first; at most the last hundred. */
  readonly assignments: readonly AssignmentJson[];
  /** Newest raised first: at most a hundred that are not cleared, and of those that are, the last fifty. */
  readonly alerts: readonly AlertJson[];
  /** `null` where they are too many to count. */
  readonly counts: {
    readonly alerts: number | null;
    readonly openAlerts: number | null;
    readonly assignments: number | null;
  };
};

/** As the device remembers it: `data` is what its contract keeps, and when it was received is not kept. */
export type DeviceEventJson = {
  readonly eventId: string;
  readonly topic: string;
  readonly occurredAt: string;
  readonly data: unknown;
};

/** Newest first. */
export type DeviceEventPage = { readonly events: readonly DeviceEventJson[]; readonly nextCursor: string | null };

/** One item of a device's stream. The first of a stream without a cursor is a `snapshot`. */
export type DeviceChangeJson = {
  /** After a `gap`, or a `snapshot` of a revision that was not seen, what is shown has to be read anew. */
  readonly kind: "snapshot" | "event" | "gap" | "lost";
  /** Counts the device's changes. */
  readonly revision: number;
  readonly event: DeviceEventJson | null;
  /** As it is by now. */
  readonly device: DeviceJson | null;
};
