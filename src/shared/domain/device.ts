import { type Alert, joinAlerts } from "./alert.ts";
import { type Assignments, joinAssignments } from "./assignment.ts";
import type { Actor, By, DesiredState, Location, Profile, Registration, StatusReport } from "./change.ts";
import type { DeviceKey } from "./event.ts";
import { type History, joinHistories } from "./history.ts";
import { joinMaps, joinMembers, type Register } from "./register.ts";
import { formatRfc3339, type Moment } from "./time.ts";
import { formatOccurredAt, laterVersion, type Version } from "./version.ts";

/** A device's current values, one register for each aspect. An event replaces an aspect as a whole, never a part of it. */
export type Aspects = {
  readonly registration?: Register<Registration>;
  readonly customer?: Register<{ readonly customerId: string }>;
  /** `dealerId` is null once the device has been removed from its dealer. */
  readonly dealer?: Register<{ readonly dealerId: string | null }>;
  readonly profile?: Register<Profile>;
  readonly status?: Register<StatusReport>;
  readonly desired?: Register<DesiredState & By>;
};

/** A record, so that an aspect that is left out fails the build: it would be lost in every join. */
const EACH_ASPECT: Readonly<Record<keyof Aspects, true>> = {
  registration: true,
  customer: true,
  dealer: true,
  profile: true,
  status: true,
  desired: true,
};
export const ASPECTS = Object.keys(EACH_ASPECT) as (keyof Aspects)[];

/**
 * A device is a join: of its aspects, its alerts, its assignments and its recent history. Each part only grows, so
 * `joinDevices` is commutative, associative and idempotent, and no step of the platform depends on the order of events
 * or on exactly-once delivery. See docs/decisions/0001-a-device-is-a-join.md.
 */
export type Device = {
  readonly key: DeviceKey;
  /** The version of the newest event that named this device. */
  readonly latest: Version;
  readonly aspects: Aspects;
  readonly alerts: ReadonlyMap<string, Alert>;
  readonly assignments: Assignments;
  readonly history: History;
};

/** The least upper bound of two states of a device; `a` itself when `b` adds nothing. */
export function joinDevices(a: Device, b: Device): Device {
  const joined: Device = {
    key: a.key,
    latest: laterVersion(a.latest, b.latest),
    aspects: joinAspects(a.aspects, b.aspects),
    alerts: joinMaps(a.alerts, b.alerts, joinAlerts),
    assignments: joinAssignments(a.assignments, b.assignments),
    history: joinHistories(a.history, b.history),
  };
  return sameParts(a, joined) ? a : joined;
}

const sameParts = (a: Device, b: Device): boolean =>
  a.latest === b.latest &&
  a.aspects === b.aspects &&
  a.alerts === b.alerts &&
  a.assignments === b.assignments &&
  a.history === b.history;

export const joinAspects = (a: Aspects, b: Aspects): Aspects => joinMembers(ASPECTS, a, b);

export const DEVICE_STATUSES = ["UNREGISTERED", "REGISTERED", "ONLINE", "OFFLINE", "RETIRED"] as const;
/** Where a device stands: not registered, registered but silent so far, online or offline by its last report, or removed. */
export type DeviceStatus = (typeof DEVICE_STATUSES)[number];

/** A device as readers see it, derived from its aspects. */
export type DeviceView = {
  readonly status: DeviceStatus;
  readonly serialNumber: string | null;
  readonly model: string | null;
  readonly firmware: string | null;
  readonly name: string | null;
  readonly features: readonly string[];
  readonly location: Location | null;
  /** RFC 3339 in UTC, like every time here. */
  readonly registeredAt: string | null;
  readonly updatedAt: string;
  readonly dealerId: string | null;
  readonly customerId: string | null;
  readonly report: (StatusReport & { readonly reportedAt: string }) | null;
  /** With its version, which `SetDesired.expectedVersion` is compared with. */
  readonly desired: Register<DesiredState> | null;
  readonly desiredBy: Actor | null;
};

/** When the device was registered, or `null` while it is not. D1 sorts devices by it. */
export function registeredMoment({ aspects: { registration } }: Pick<Device, "aspects">): Moment | null {
  return registration?.value.kind === "registered" ? registration.value.registeredAt : null;
}

/** A device as readers see it, from its registers. */
export function viewDevice({ aspects, latest }: Pick<Device, "aspects" | "latest">): DeviceView {
  const registration = aspects.registration?.value;
  const registered = registration?.kind === "registered" ? registration : undefined;
  const profile = aspects.profile?.value;
  const report = aspects.status;
  return {
    status: statusOf(aspects),
    serialNumber: registered?.serialNumber ?? null,
    model: profile?.model ?? registered?.model ?? null,
    firmware: profile?.firmware ?? registered?.firmware ?? null,
    name: profile?.name ?? null,
    features: profile?.features ?? [],
    location: profile?.location ?? registered?.location ?? null,
    registeredAt: registered ? formatRfc3339(registered.registeredAt) : null,
    updatedAt: formatOccurredAt(latest),
    dealerId: aspects.dealer?.value.dealerId ?? null,
    customerId: aspects.customer?.value.customerId ?? null,
    report: report ? { ...report.value, reportedAt: formatOccurredAt(report.version) } : null,
    ...viewDesired(aspects.desired),
  };
}

/** A desired state, and apart from it who desired it. */
export function viewDesired(
  register: Register<DesiredState & By> | null | undefined,
): Pick<DeviceView, "desired" | "desiredBy"> {
  if (!register) return { desired: null, desiredBy: null };
  const { by = null, ...value } = register.value;
  return { desired: { version: register.version, value }, desiredBy: by };
}

function statusOf({ registration, status }: Aspects): DeviceStatus {
  if (registration?.value.kind === "removed") return "RETIRED";
  if (status) return status.value.online ? "ONLINE" : "OFFLINE";
  return registration ? "REGISTERED" : "UNREGISTERED";
}
