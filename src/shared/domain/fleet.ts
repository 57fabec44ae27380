import { ALERT_REGISTERS, type Alert } from "./alert.ts";
import type { AlertChange, Customer, Dealer } from "./change.ts";
import { ASPECTS, type Aspects, type Device, joinDevices } from "./device.ts";
import { type ConcordEvent, type DeviceKey, sourceOf } from "./event.ts";
import { hasEntry } from "./history.ts";
import { type Effect, effectOn, type MergeOutcome, outcomeFrom } from "./outcome.ts";
import { type PartyKey, partyKeyOf } from "./party.ts";
import { joinInto, joinMaps, joinRegisters, type Register, type Registers } from "./register.ts";
import { compareVersions, type Version } from "./version.ts";

/**
 * All state that events build: devices, and dealers and customers by source. It is joined part by part, like a device.
 */
export type Fleet = {
  readonly devices: ReadonlyMap<DeviceKey, Device>;
  readonly dealers: ReadonlyMap<PartyKey, Register<Dealer>>;
  readonly customers: ReadonlyMap<PartyKey, Register<Customer>>;
};

/** The fleet before any event. */
export const EMPTY_FLEET: Fleet = { devices: new Map(), dealers: new Map(), customers: new Map() };

/** The least upper bound of two fleets; `a` itself when `b` adds nothing. */
export function joinFleets(a: Fleet, b: Fleet): Fleet {
  const devices = joinMaps(a.devices, b.devices, joinDevices);
  const dealers = joinMaps(a.dealers, b.dealers, joinRegisters);
  const customers = joinMaps(a.customers, b.customers, joinRegisters);
  const same = devices === a.devices && dealers === a.dealers && customers === a.customers;
  return same ? a : { devices, dealers, customers };
}

/** One event as a state: the fleet in which nothing but this event has happened. Joining it applies the event. */
export function toDelta(event: ConcordEvent): Fleet {
  const { deviceKey, version, topic, data, change } = event;
  const at = <T>(value: T): Register<T> => ({ version, value });
  const { registration, customer, dealer, profile, status, desired, alert, ...unhandled } = change;
  // A new member of Change fails the build here, until it is part of the device below.
  unhandled satisfies Readonly<Record<string, never>>;
  const source = sourceOf(deviceKey);
  const device: Device = {
    key: deviceKey,
    latest: version,
    aspects: {
      ...(registration && { registration: at(registration) }),
      ...(customer && { customer: at({ customerId: customer.customerId }) }),
      ...(dealer !== undefined && { dealer: at({ dealerId: dealer?.dealerId ?? null }) }),
      ...(profile && { profile: at(profile) }),
      ...(status && { status: at(status) }),
      ...(desired && { desired: at(desired) }),
    },
    alerts: new Map(alert ? [[alert.alertId, toAlert(alert, at)]] : []),
    assignments: new Map(dealer !== undefined ? [[version, dealer?.dealerId ?? null]] : []),
    history: [{ version, topic, data }],
  };
  return {
    devices: new Map([[deviceKey, device]]),
    dealers: new Map(dealer ? [[partyKeyOf(source, dealer.dealerId), at(dealer)]] : []),
    customers: new Map(customer ? [[partyKeyOf(source, customer.customerId), at(customer)]] : []),
  };
}

function toAlert(change: AlertChange, at: <T>(value: T) => Register<T>): Alert {
  const { alertId: _, details, progress, acknowledgement, ...unhandled } = change;
  unhandled satisfies Readonly<Record<string, never>>;
  return {
    ...(details && { details: at(details) }),
    ...(progress && { progress: at(progress) }),
    ...(acknowledgement && { acknowledgement: at(acknowledgement) }),
  };
}

/** The fleet after the events, and the outcome of each, in their order. */
export type Merged = { readonly fleet: Fleet; readonly outcomes: readonly MergeOutcome[] };

/**
 * Joins events into a fleet, with the outcome of each event, in order. The order and the number of deliveries affect
 * outcomes, never the resulting fleet. `fleet` only has to hold what the events touch, so a store can load just that.
 */
export function merge(fleet: Fleet, events: readonly ConcordEvent[]): Merged {
  // Copied once for all events: a copy for each event would take quadratic time.
  const merged = {
    devices: new Map(fleet.devices),
    dealers: new Map(fleet.dealers),
    customers: new Map(fleet.customers),
  };
  let added = false;
  const outcomes = events.map((event) => {
    const delta = toDelta(event);
    const outcome = outcomeFrom(effectsOn(merged, delta));
    added = joinInto(merged.devices, delta.devices, joinDevices) || added;
    added = joinInto(merged.dealers, delta.dealers, joinRegisters) || added;
    added = joinInto(merged.customers, delta.customers, joinRegisters) || added;
    return outcome;
  });
  return { fleet: added ? merged : fleet, outcomes };
}

function effectsOn(fleet: Fleet, delta: Fleet): Effect[] {
  return [
    ...[...delta.devices.values()].flatMap((device) => effectsOnDevice(fleet.devices.get(device.key), device)),
    ...[...delta.dealers].map(([id, dealer]) => effectOn(fleet.dealers.get(id), dealer)),
    ...[...delta.customers].map(([id, customer]) => effectOn(fleet.customers.get(id), customer)),
  ];
}

function effectsOnDevice(current: Device | undefined, delta: Device): Effect[] {
  if (!current) return ["changes"];
  const effects: Effect[] = aspectEffects(current.aspects, delta.aspects);
  for (const [alertId, alert] of delta.alerts) {
    effects.push(...memberEffects(ALERT_REGISTERS, current.alerts.get(alertId) ?? {}, alert));
  }
  for (const [version, dealerId] of delta.assignments) effects.push(assignmentEffect(current, version, dealerId));
  if (delta.history.some((entry) => hasEntry(current.history, entry))) effects.push("repeats");
  return effects;
}

/**
 * A newer assignment to the dealer of the newest one begins no new interval, so it only confirms. It is stored all the
 * same: if an assignment to another dealer from in between arrives late, this one begins the dealer's next interval.
 */
function assignmentEffect({ assignments, aspects }: Device, version: Version, dealerId: string | null): Effect {
  const known = assignments.get(version);
  if (known !== undefined) return effectOn({ version, value: known }, { version, value: dealerId });
  const newest = aspects.dealer;
  if (!newest || compareVersions(version, newest.version) < 0) return "changes";
  return newest.value.dealerId === dealerId ? "confirms" : "changes";
}

export const aspectEffects = (current: Aspects, delta: Aspects): Effect[] => memberEffects(ASPECTS, current, delta);

function memberEffects<T extends Registers<T>>(members: readonly (keyof T)[], current: T, delta: T): Effect[] {
  return members.flatMap((member) => {
    const incoming = delta[member];
    return incoming ? [effectOn<unknown>(current[member], incoming)] : [];
  });
}
