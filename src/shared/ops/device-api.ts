import type { AlertView } from "#domain/alert.ts";
import type { StatusReport } from "#domain/change.ts";
import type { DeviceStatus } from "#domain/device.ts";
import type { DeviceKey, Source } from "#domain/event.ts";
import type { Twin } from "#domain/twin.ts";

/**
 * The JSON of the operations API for devices. Times are RFC 3339 in UTC. A cursor is opaque, and `null` after the last
 * page. Personal data is masked for everybody, as in letters.
 */

/** A place, with the precision that every operator may see. */
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

/** A page may have fewer items than were asked for, or none, and still be followed by another. */
export type DevicePage = { readonly devices: readonly DeviceJson[]; readonly nextCursor: string | null };

/** Which dealer or customer a device belonged to, and when. `to` is null while that lasts. */
export type AssignmentJson = {
  readonly dealerId: string | null;
  /** `null` if no event has set it. */
  readonly dealerName: string | null;
  readonly from: string;
  readonly to: string | null;
};

export type AlertJson = Omit<AlertView, "acknowledgedBy"> & {
  readonly alertId: string;
  /** A role, or a masked subject; `null` if nobody said. */
  readonly acknowledgedBy: string | null;
};

export type DeviceDetail = DeviceJson & {
  /** Oldest first; at most the last hundred. */
  readonly assignments: readonly AssignmentJson[];
  /** Newest raised first: at most a hundred that are not cleared, and the last fifty that are. */
  readonly alerts: readonly AlertJson[];
  /** `null` if there are too many to count. */
  readonly counts: {
    readonly alerts: number | null;
    readonly openAlerts: number | null;
    readonly assignments: number | null;
  };
};

/** As the device's object stores it: `data` is what its contract keeps. When it was received is not stored. */
export type DeviceEventJson = {
  readonly eventId: string;
  readonly topic: string;
  readonly occurredAt: string;
  readonly data: unknown;
};

/** Newest first. */
export type DeviceEventPage = { readonly events: readonly DeviceEventJson[]; readonly nextCursor: string | null };

/** One item of a device's stream. A stream without a cursor begins with a `snapshot`. */
export type DeviceChangeJson = {
  /** After a `gap`, or a `snapshot` of an unseen revision, the page has to read the device again. */
  readonly kind: "snapshot" | "event" | "gap" | "lost";
  /** The number of the device's changes. */
  readonly revision: number;
  readonly event: DeviceEventJson | null;
  /** As it is now. */
  readonly device: DeviceJson | null;
};
