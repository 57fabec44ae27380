import { DAY_MS, MINUTE_MS, YEAR_END_MS } from "./calendar.ts";
import { type Customer, type Device, type Party, particularsOf } from "./fleet.ts";
import type { Random } from "./random.ts";
import type { Plan, Said } from "./tell.ts";
import { writeTime, writeUtcSeconds } from "./times.ts";

/** A device's first events: it is registered, assigned to a dealer and a customer, and named. */
export function planOnboarding(device: Device, random: Random): Plan[] {
  const { startsMs } = device;
  if (device.inStock) return [giveDealer(device, startsMs)];
  const namesCustomer = random.chance(0.6);
  const plans: Plan[] = [];
  // Some were registered before the stream began, and have no event of that.
  if (random.chance(0.97))
    plans.push(register(device, startsMs, { namesCustomer, located: random.chance(0.75), random }));
  // Often the dealer's own app registers a device: both events have the same time.
  const dealerMs = random.chance(0.3) ? startsMs : startsMs + random.between(MINUTE_MS, 4 * DAY_MS);
  if (random.chance(0.95)) plans.push(giveDealer(device, dealerMs));
  if (!namesCustomer && random.chance(0.6)) {
    plans.push(giveCustomer(device, startsMs + random.between(MINUTE_MS, 6 * DAY_MS)));
  }
  if (random.chance(0.25)) plans.push(nameDevice(device, startsMs + random.between(MINUTE_MS, 7 * DAY_MS)));
  return plans.filter(({ atMs }) => atMs < YEAR_END_MS);
}

type RegistrationOptions = { namesCustomer: boolean; located: boolean; registeredMs?: number; random: Random };

export function register(device: Device, atMs: number, options: RegistrationOptions): Plan {
  const { namesCustomer, located, registeredMs = device.registeredMs, random } = options;
  const data = (saidMs: number) => ({
    model: device.model.name,
    serialNumber: device.serialNumber,
    ...(random.chance(0.9) && { firmware: device.model.firmware(newestWave(device, atMs)) }),
    registeredAt: writeTime(device, Math.floor(registeredMs / 1000) * 1000, random),
    ...(namesCustomer && { customer: customerOf(device.customer, saidMs) }),
    ...(located && { location: drawLocation(device, random) }),
  });
  return { device, atMs, say: (saidMs) => ({ topic: "registration.created", data: data(saidMs) }) };
}

/**
 * Assigns to a new dealer, or once more to the one that has the device then. infinity's topic is called setup, the
 * others' assignment.
 */
export function giveDealer(device: Device, atMs: number, newDealer?: Party): Plan {
  const topic = device.source === "infinity" ? "dealer.setup" : "dealer.assigned";
  const say = (saidMs: number): Said => {
    device.dealer = newDealer ?? device.dealer;
    return { topic, data: { dealer: { dealerId: device.dealer.id, ...particularsOf(device.dealer, saidMs) } } };
  };
  return { device, atMs, say };
}

export function giveCustomer(device: Device, atMs: number, newCustomer?: Customer): Plan {
  const say = (saidMs: number): Said => {
    device.customer = newCustomer ?? device.customer;
    return { topic: "customer.assigned", data: { customer: customerOf(device.customer, saidMs) } };
  };
  return { device, atMs, say };
}

/** The first profile, or a later one after `change`; always whole. */
export function nameDevice(device: Device, atMs: number, change: () => void = () => {}): Plan {
  const say = (): Said => {
    change();
    return { topic: "profile.updated", data: writeProfile(device, atMs) };
  };
  return { device, atMs, say };
}

/** The firmware of a new device at that time. */
function newestWave(device: Device, atMs: number): number {
  const wave = device.model.wavesMs.filter((waveMs) => waveMs + 14 * DAY_MS <= atMs).length;
  device.firmwareWave = Math.max(device.firmwareWave, wave);
  return device.firmwareWave;
}

function writeProfile(device: Device, atMs: number): object {
  const { model, name } = device;
  return {
    name,
    ...(device.source !== "infinity" && { model: model.retailName ?? model.name }),
    firmware: model.firmware(newestWave(device, device.startsMs)),
    ...(model.features.length > 0 && { features: model.features }),
    ...(device.source === "ecobee" && { location: { country: device.city.country, city: device.city.city } }),
    // Contracts ignore undeclared members, and store none of them.
    ...(device.source === "elt" && { lastSyncedAt: writeUtcSeconds(atMs) }),
  };
}

const customerOf = (customer: Customer, ms: number) => ({ customerId: customer.id, ...particularsOf(customer, ms) });

function drawLocation({ city }: Device, random: Random): object {
  const { country, region, city: name, postalCode, timeZone, latitude, longitude } = city;
  const exact = random.chance(0.6) && { postalCode, latitude, longitude };
  return { country, region, city: name, timeZone, ...exact };
}
