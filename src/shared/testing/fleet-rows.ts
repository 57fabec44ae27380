import type { Scope } from "#auth/scope.ts";
import { type Alert, raisedMoment, raisedVersion, viewAlert } from "#domain/alert.ts";
import { type Assignments, toIntervals } from "#domain/assignment.ts";
import { type Device, registeredMoment, viewDevice } from "#domain/device.ts";
import { type DeviceKey, sourceOf } from "#domain/event.ts";
import type { Fleet } from "#domain/fleet.ts";
import { utcDay } from "#domain/time.ts";
import { compareText, compareVersions } from "#domain/version.ts";
import { type AlertFilter, type FoundAlert, seenAlert } from "#repositories/alert.ts";
import {
  type DeviceFilter,
  type DeviceListing,
  type FoundDevice,
  orderField,
  seenDevice,
} from "#repositories/device.ts";
import type { KeyRange } from "#repositories/keyset.ts";
import {
  type Cursor,
  compareCursors,
  type EdgeOf,
  type Page,
  type PageRequest,
  pageFromAll,
} from "#repositories/page.ts";
import { isFoundBy } from "./found-by.ts";

/*
 * What the repositories answer, over a fleet in memory. The rules are written here once more, as predicates over the
 * domain's own views, and share no SQL: the real services answer the same drawn calls in
 * test/workers/api/conformance.test.ts, which fails where the two differ.
 */

/** A page of rows in any order. */
export function pageOf<Row, T>(
  rows: readonly Row[],
  page: PageRequest,
  list: EdgeOf<Row, T> & { readonly direction: "ascending" | "descending" },
): Page<T> {
  const sign = list.direction === "ascending" ? 1 : -1;
  const sorted = rows.toSorted((a, b) => sign * compareCursors(list.cursor(a), list.cursor(b)));
  return pageFromAll(sorted, page, list);
}

export const isOwn = (scope: Scope, dealerId: string | null | undefined): boolean =>
  scope.role !== "dealer" || (dealerId != null && scope.dealerIds.includes(dealerId));

/** Absent bounds are no bounds; what has no value is in no range that has one. */
export function isInRange(value: string | null, { from, to }: KeyRange): boolean {
  if (from == null && to == null) return true;
  return (
    value !== null && (from == null || compareText(value, from) >= 0) && (to == null || compareText(value, to) < 0)
  );
}

/** Whether text begins with a prefix. The last code point of Unicode is behind every prefix, in D1 too. */
export const hasPrefix = (text: string | null, prefix: string): boolean =>
  text?.startsWith(prefix) === true && !text.startsWith(`${prefix}\u{10FFFF}`);

// Devices

export const foundDevice = (scope: Scope, { key, ...device }: Device): FoundDevice => seenDevice(scope, key, device);

export const isVisible = (scope: Scope, device: Device): boolean =>
  isOwn(scope, device.aspects.dealer?.value.dealerId ?? null);

export function devicesMatching(fleet: Fleet, scope: Scope, filter: DeviceFilter): Device[] {
  return [...fleet.devices.values()].filter(
    (device) =>
      isVisible(scope, device) &&
      matchesDevice(scope, filter, device) &&
      (filter.search == null || isFoundBy(filter.search, device, fleet)),
  );
}

function matchesDevice(scope: Scope, filter: DeviceFilter, device: Device): boolean {
  const { keyPrefix, serialPrefix, registered, updatedSince, hasOpenAlerts, openAlertSeverity } = filter;
  const { source, sources, statuses, unassigned } = filter;
  const { status, serialNumber, dealerId, customerId } = viewDevice(device);
  const open = [...device.alerts.values()]
    .filter((alert) => viewAlert(alert).state === "OPEN" && isRaisedInOwnInterval(scope, device, alert))
    .map((alert) => viewAlert(alert).severity);
  return [
    !filter.status || status === filter.status,
    isAmong(statuses, status),
    !source || device.key.startsWith(`${source}:`),
    isAmong(sources, sourceOf(device.key)),
    unassigned == null || unassigned === (dealerId === null),
    filter.dealerId == null || dealerId === filter.dealerId,
    filter.customerId == null || customerId === filter.customerId,
    !keyPrefix || hasPrefix(device.key, keyPrefix),
    !serialPrefix || hasPrefix(serialNumber, serialPrefix),
    registered == null || isInRange(registeredMoment(device), registered),
    updatedSince == null || compareText(device.latest, updatedSince) >= 0,
    hasOpenAlerts == null || hasOpenAlerts === open.length > 0,
    !openAlertSeverity || open.includes(openAlertSeverity),
  ].every(Boolean);
}

/** Absent: any value. Empty: none. */
const isAmong = <T>(wanted: readonly T[] | null | undefined, value: T | null): boolean =>
  wanted == null || (value !== null && wanted.includes(value));

/** In the order of a list. */
export function deviceList(scope: Scope, { filter = {}, order = {} }: DeviceListing) {
  const field = orderField(filter, order);
  const cursor = (device: Device): Cursor => {
    switch (field) {
      case "KEY":
        return [field, device.key];
      case "SERIAL_NUMBER":
        return [field, viewDevice(device).serialNumber, device.key];
      case "REGISTERED":
        return [field, registeredMoment(device), device.key];
      case "UPDATED_DAY":
      case "UPDATED":
        return ["UPDATED", utcDay(device.latest), device.key];
    }
  };
  return {
    cursor,
    node: (device: Device) => foundDevice(scope, device),
    direction: order.direction === "DESC" ? "descending" : "ascending",
  } as const;
}

// Alerts

export type AlertRow = { readonly device: Device; readonly alertId: string; readonly alert: Alert };

export const foundAlert = (scope: Scope, { device, alertId, alert }: AlertRow): FoundAlert =>
  seenAlert(scope, { deviceKey: device.key, alertId }, alert);

export const alertOf = ({ devices }: Fleet, deviceKey: string, alertId: string): AlertRow | undefined => {
  const device = devices.get(deviceKey as DeviceKey);
  const alert = device?.alerts.get(alertId);
  return device && alert && { device, alertId, alert };
};

/** A dealer sees an alert if the device is its own now, and was its own when the alert was raised. */
export const isAlertVisible = (scope: Scope, { device, alert }: AlertRow): boolean =>
  isVisible(scope, device) && isRaisedInOwnInterval(scope, device, alert);

function isRaisedInOwnInterval(scope: Scope, { assignments }: Device, alert: Alert): boolean {
  if (scope.role !== "dealer") return true;
  const raised = raisedVersion(alert);
  if (!raised) return false;
  const before = [...assignments].filter(([version]) => compareVersions(version, raised) <= 0);
  const [, dealerId] = before.toSorted(([a], [b]) => compareVersions(a, b)).at(-1) ?? [];
  return isOwn(scope, dealerId);
}

export function alertsMatching({ devices }: Fleet, scope: Scope, filter: AlertFilter): AlertRow[] {
  const { state, states, severity, severities, minSeverity, sources, dealerId, deviceKey, raised } = filter;
  return [...devices.values()]
    .flatMap((device) => [...device.alerts].map(([alertId, alert]): AlertRow => ({ device, alertId, alert })))
    .filter((row) => {
      const view = viewAlert(row.alert);
      return [
        isAlertVisible(scope, row),
        !state || view.state === state,
        isAmong(states, view.state),
        !severity || view.severity === severity,
        isAmong(severities, view.severity),
        !minSeverity || (view.severity !== null && RANK[view.severity] >= RANK[minSeverity]),
        isAmong(sources, sourceOf(row.device.key)),
        dealerId == null || viewDevice(row.device).dealerId === dealerId,
        deviceKey == null || row.device.key === deviceKey,
        raised == null || isInRange(raisedMoment(row.alert), raised),
      ].every(Boolean);
    });
}

const RANK = { info: 1, warning: 2, critical: 3 } as const;

export const alertList = (scope: Scope) =>
  ({
    cursor: ({ device, alertId, alert }: AlertRow): Cursor => ["ALERTS", raisedMoment(alert), device.key, alertId],
    node: (row: AlertRow) => foundAlert(scope, row),
    direction: "descending",
  }) as const;

// Assignments

/** The intervals of a device as a scope sees them: to a dealer, other dealers' times are times without a dealer, and left out. */
export function intervalsSeen(scope: Scope, assignments: Assignments) {
  if (scope.role !== "dealer") return toIntervals(assignments);
  const seen = [...assignments].map(
    ([version, dealerId]) => [version, isOwn(scope, dealerId) ? dealerId : null] as const,
  );
  return toIntervals(new Map(seen)).filter(({ dealerId }) => dealerId !== null);
}
