import { ALERT_REGISTERS, type Alert } from "./alert.ts";
import type { AlertChange, Customer, Dealer } from "./change.ts";
import { ASPECTS, type Aspects, type Device, joinDevices } from "./device.ts";
import { type ConcordEvent, type DeviceKey, sourceOf } from "./event.ts";
import { remembers } from "./history.ts";
import { type Effect, effectOn, type MergeOutcome, outcomeOf } from "./outcome.ts";
import { type PartyKey, partyKeyOf } from "./party.ts";
import { joinInto, joinMaps, joinRegisters, type Register, type Registers } from "./register.ts";
import { compareVersions, type Version } from "./version.ts";

/**
 * Everything events speak of: devices, and the dealers and customers that they name, as each source has them. Again a
 * join, part by part.
 */
export type Fleet = {
  readonly devices: ReadonlyMap<DeviceKey, Device>;
  readonly dealers: ReadonlyMap<PartyKey, Register<Dealer>>;
  readonly customers: ReadonlyMap<PartyKey, Register<Customer>>;
};

export const EMPTY_FLEET: Fleet = { devices: new Map(), dealers: new Map(), customers: new Map() };

/** The least fleet that knows what both know; `a` itself when `b` adds nothing. */
export function joinFleets(a: Fleet, b: Fleet): Fleet {
  const devices = joinMaps(a.devices, b.devices, joinDevices);
  const dealers = joinMaps(a.dealers, b.dealers, joinRegisters);
  const customers = joinMaps(a.customers, b.customers, joinRegisters);
  const same = devices === a.devices && dealers === a.dealers && customers === a.customers;
  return same ? a : { devices, dealers, customers };
}

/** The least fleet that has seen this event: what the event alone says, as a state. */
export function deltaOf(event: ConcordEvent): Fleet {
  const { deviceKey, version, topic, data, change } = event;
  const at = <T>(value: T): Register<T> => ({ version, value });
  const { registration, customer, dealer, profile, status, desired, alert } = change;
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
    alerts: new Map(alert ? [[alert.alertId, alertOf(alert, at)]] : []),
    assignments: new Map(dealer !== undefined ? [[version, dealer?.dealerId ?? null]] : []),
    history: [{ version, topic, data }],
  };
  return {
    devices: new Map([[deviceKey, device]]),
    dealers: new Map(dealer ? [[partyKeyOf(source, dealer.dealerId), at(dealer)]] : []),
    customers: new Map(customer ? [[partyKeyOf(source, customer.customerId), at(customer)]] : []),
  };
}

const alertOf = ({ details, progress, acknowledgement }: AlertChange, at: <T>(value: T) => Register<T>): Alert => ({
  ...(details && { details: at(details) }),
  ...(progress && { progress: at(progress) }),
  ...(acknowledgement && { acknowledgement: at(acknowledgement) }),
});

export type Merged = { readonly fleet: Fleet; readonly outcomes: readonly MergeOutcome[] };

/**
 * Joins events into a fleet and says of each what it did. Order and repetition change outcomes, never the fleet.
 * `fleet` need hold only what the events touch, so a store can load that much and no more.
 */
export function merge(fleet: Fleet, events: readonly ConcordEvent[]): Merged {
  // One copy a call and not one an event: a stream of a whole fleet would otherwise take quadratic time.
  const merged = {
    devices: new Map(fleet.devices),
    dealers: new Map(fleet.dealers),
    customers: new Map(fleet.customers),
  };
  let added = false;
  const outcomes = events.map((event) => {
    const delta = deltaOf(event);
    const outcome = outcomeOf(effectsOn(merged, delta));
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
  if (delta.history.some((entry) => remembers(current.history, entry))) effects.push("repeats");
  return effects;
}

/**
 * The dealer register holds the newest assignment, so naming its dealer again later begins no new interval. The set
 * still takes it in, or a late event from in between would end the dealer's time for good.
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
