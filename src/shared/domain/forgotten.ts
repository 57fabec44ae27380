import type { Customer } from "./change.ts";
import { type ConcordEvent, type DeviceKey, sourceOf } from "./event.ts";
import { type PartyKey, partyKeyOf } from "./party.ts";
import type { Register } from "./register.ts";
import type { Version } from "./version.ts";

/** The key of somebody, or of a device of somebody, who was forgotten. */
export type ForgottenId = `customer ${PartyKey}` | `device ${DeviceKey}`;

export const forgottenCustomer = (key: PartyKey): ForgottenId => `customer ${key}`;
export const forgottenDevice = (key: DeviceKey): ForgottenId => `device ${key}`;

/** What was forgotten: of a device, events that occurred up to `untilMs`; of a customer, every event that names it. */
export type Forgotten = {
  readonly untilMs: number;
  /** The request to forget that it belongs to. */
  readonly requestId: string;
};

/** Of the keys that were looked up, those that were forgotten. */
export type ForgottenKeys = ReadonlyMap<ForgottenId, Forgotten>;

/** The keys by which an event may be about somebody who was forgotten. */
export const forgottenIdsOf = (event: ConcordEvent): ForgottenId[] => {
  const customer = customerIdOf(event);
  return [forgottenDevice(event.deviceKey), ...(customer ? [customer] : [])];
};

function customerIdOf({ deviceKey, change: { customer } }: ConcordEvent): ForgottenId | undefined {
  return customer && forgottenCustomer(partyKeyOf(sourceOf(deviceKey), customer.customerId));
}

/**
 * Which of the events are about somebody who was forgotten. An event that names the customer is, whenever it occurred; an
 * event of one of the customer's devices is, if it occurred before the customer was forgotten.
 * @returns `found`: devices that the events give to such a customer, and that nobody knew of when it was forgotten
 */
export function findForgotten(
  events: readonly ConcordEvent[],
  keys: ForgottenKeys,
): { readonly isForgotten: readonly boolean[]; readonly found: ReadonlyMap<ForgottenId, Forgotten> } {
  const found = new Map<ForgottenId, Forgotten>();
  if (keys.size === 0) return { isForgotten: events.map(() => false), found };
  const customerOf = (event: ConcordEvent): Forgotten | undefined => {
    const id = customerIdOf(event);
    return id && keys.get(id);
  };
  for (const event of events) {
    const customer = customerOf(event);
    const device = forgottenDevice(event.deviceKey);
    if (!customer || event.occurredAtMs > customer.untilMs) continue;
    const known = keys.get(device) ?? found.get(device);
    if (!known || known.untilMs < customer.untilMs) found.set(device, customer);
  }
  const untilOf = (device: ForgottenId): number =>
    Math.max(keys.get(device)?.untilMs ?? -1, found.get(device)?.untilMs ?? -1);
  const isForgotten = events.map(
    (event) => customerOf(event) !== undefined || event.occurredAtMs <= untilOf(forgottenDevice(event.deviceKey)),
  );
  return { isForgotten, found };
}

/**
 * The version of a tombstone: the last moment that an event can have, and behind every event of it. The boundary takes no
 * event from the future, so it is higher than any version of an event for ever.
 */
export const LAST_VERSION = "9999-12-31T23:59:59.999Z999999999/forgotten" as Version;

/**
 * A customer who was forgotten: the register that wins over every event. The id stays, because it is the key by which
 * later events are recognized.
 */
export const customerTombstone = (customerId: string): Register<Customer> => ({
  version: LAST_VERSION,
  value: { customerId, name: "", isForgotten: true },
});
