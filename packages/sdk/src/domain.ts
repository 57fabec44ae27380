/**
 * What events mean: how they merge into devices, alerts and assignments. Pure functions, no I/O, no library.
 *
 * @module
 */

export { type Alert, type AlertState, type AlertView, viewAlert } from "#domain/alert.ts";
export { type Interval, isWithin, toIntervals } from "#domain/assignment.ts";
export type { Change, Customer, Dealer, DesiredState, Location, Mode, Severity, StatusReport } from "#domain/change.ts";
export type { CommandOutcome } from "#domain/command.ts";
export { type Aspects, type Device, type DeviceStatus, type DeviceView, viewDevice } from "#domain/device.ts";
export {
  type ConcordEvent,
  type DeviceKey,
  deviceIdOf,
  deviceKeyOf,
  isDeviceKey,
  SOURCES,
  type Source,
  sourceOf,
} from "#domain/event.ts";
export { EMPTY_FLEET, type Fleet, type Merged, merge } from "#domain/fleet.ts";
export { HISTORY_LIMIT, type HistoryEntry } from "#domain/history.ts";
export type { MergeOutcome, Outcome } from "#domain/outcome.ts";
export { type PartyKey, partyKeyOf, type Registers } from "#domain/party.ts";
export type { Register } from "#domain/register.ts";
export { formatRfc3339, type Moment, parseTime } from "#domain/time.ts";
export { compareVersions, formatOccurredAt, type Version } from "#domain/version.ts";
