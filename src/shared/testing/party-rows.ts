import type { Scope } from "#auth/scope.ts";
import { deviceIdOf, SOURCES, type Source, sourceOf } from "#domain/event.ts";
import type { Fleet } from "#domain/fleet.ts";
import { findRegister, type PartyKey, type Registers } from "#domain/party.ts";
import { compareRegisters, type Register } from "#domain/register.ts";
import { compareText } from "#domain/version.ts";
import type { FleetStatistics } from "#repositories/kept-counts.ts";
import type { Cursor } from "#repositories/page.ts";
import type { Sourced } from "#repositories/party.ts";
import type { DealerStatistics } from "#repositories/statistics.ts";
import { alertsMatching, devicesMatching, foundAlert, foundDevice, isOwn } from "./fleet-rows.ts";

/** One source's record of a dealer or a customer. */
export type PartyRow<T> = Register<T> & { readonly id: string; readonly source: Source };

const rowsOf = <T>(records: ReadonlyMap<PartyKey, Register<T>>): PartyRow<T>[] =>
  [...records].map(([key, register]) => ({ id: deviceIdOf(key), source: sourceOf(key), ...register }));

/** A dealer sees only itself. */
export const dealersSeen = ({ dealers }: Fleet, scope: Scope) => rowsOf(dealers).filter(({ id }) => isOwn(scope, id));

/** A dealer sees a customer in those registers in which the customer has one of its devices. */
export function customersSeen(fleet: Fleet, scope: Scope, registers: Registers) {
  const rows = rowsOf(fleet.customers);
  if (scope.role !== "dealer") return rows;
  const owned = devicesMatching(fleet, scope, {}).map((device) => foundDevice(scope, device));
  return rows.filter(({ id, source }) =>
    owned.some(({ key, customerId }) => customerId === id && findRegister(registers, source).includes(sourceOf(key))),
  );
}

/** Of each id the newest record in the first register that has it, and of equal ones that of the first source by name. */
export function readRecords<T>(rows: readonly PartyRow<T>[], registers: Registers): PartyRow<T>[] {
  const rank = ({ source }: PartyRow<T>) => registers.indexOf(findRegister(registers, source));
  const first = new Map<string, PartyRow<T>>();
  for (const row of rows) {
    const known = first.get(row.id);
    const order = known
      ? rank(row) - rank(known) || compareRegisters(known, row) || compareText(row.source, known.source)
      : -1;
    if (order < 0) first.set(row.id, row);
  }
  return [...first.values()];
}

/** @param source whose record is wanted: the newest of its register. Without it, `readRecords`. */
export function findRecords<T>(
  rows: readonly PartyRow<T>[],
  ids: readonly string[],
  { source, registers }: { readonly source: Source | undefined; readonly registers: Registers },
): PartyRow<T>[] {
  const theirs = source && findRegister(registers, source);
  const among = theirs ? rows.filter((row) => theirs.includes(row.source)) : rows;
  return [...new Set(ids)].flatMap((id) =>
    readRecords(
      among.filter((row) => row.id === id),
      registers,
    ),
  );
}

export const partyList = <T extends { readonly name: string }>(list: string, registers: Registers) => ({
  cursor: ({ id, value }: PartyRow<T>): Cursor => [list, value.name, id],
  node: (row: PartyRow<T>) => sourced(row, registers),
  direction: "ascending" as const,
});

export const sourced = <T>({ id, source, value }: PartyRow<T>, registers: Registers): Sourced<T> => ({
  ...value,
  source,
  recordKey: `${findRegister(registers, source)[0]}:${id}`,
});

/** Counts of all devices and open alerts within a scope, or of one dealer's. */
export function fleetStatisticsOf(fleet: Fleet, scope: Scope, dealerId?: string): FleetStatistics {
  const devices = devicesMatching(fleet, scope, { dealerId }).map((device) => foundDevice(scope, device));
  const keys = new Set<string>(devices.map(({ key }) => key));
  const open = alertsMatching(fleet, scope, { state: "OPEN" })
    .map((row) => foundAlert(scope, row))
    .filter(({ deviceKey }) => keys.has(deviceKey));
  const unknown = open.filter(({ severity }) => severity === null).length;
  return {
    devices: devices.length,
    unassigned: devices.filter((device) => device.dealerId === null).length,
    byStatus: (["UNREGISTERED", "REGISTERED", "ONLINE", "OFFLINE", "RETIRED"] as const).map((status) => ({
      status,
      devices: devices.filter((device) => device.status === status).length,
    })),
    bySource: SOURCES.map((source) => ({
      source,
      devices: devices.filter(({ key }) => sourceOf(key) === source).length,
      openAlerts: open.filter(({ deviceKey }) => sourceOf(deviceKey) === source).length,
    })),
    openAlerts: open.length,
    openAlertsBySeverity: [
      ...(["info", "warning", "critical"] as const).map((severity) => ({
        severity,
        alerts: open.filter((alert) => alert.severity === severity).length,
      })),
      ...(unknown > 0 ? [{ severity: null, alerts: unknown }] : []),
    ],
  };
}

/** Counts of a dealer's devices and open alerts within a scope; `undefined` for one without devices. */
export function statisticsOf(fleet: Fleet, scope: Scope, dealerId: string): DealerStatistics | undefined {
  const devices = devicesMatching(fleet, scope, { dealerId });
  if (devices.length === 0) return undefined;
  const keys = new Set(devices.map(({ key }) => key));
  const open = alertsMatching(fleet, scope, { state: "OPEN" }).filter(({ device }) => keys.has(device.key));
  const having = (status: string) => devices.filter((device) => foundDevice(scope, device).status === status).length;
  return {
    devices: devices.length,
    online: having("ONLINE"),
    offline: having("OFFLINE"),
    retired: having("RETIRED"),
    openAlerts: open.length,
    criticalAlerts: open.filter((row) => foundAlert(scope, row).severity === "critical").length,
  };
}
