import { DAY_MS, HOUR_MS, MINUTE_MS, YEAR_END_MS, YEAR_START_MS } from "./calendar.ts";
import { type Device, type Fleet, isAt, MODELLED, type Model, territoryOf } from "./fleet.ts";
import { giveCustomer, giveDealer, nameDevice, register } from "./onboarding.ts";
import { CITIES } from "./places.ts";
import type { Random } from "./random.ts";
import type { Plan } from "./tell.ts";

/** What happens to hardware, names and contracts in a year, in at most `budget` events. */
export function planStories(fleet: Fleet, budget: number, random: Random): Plan[] {
  const ofEverySource = [
    ...planRetirements(fleet, random),
    ...planUnassignments(fleet, random),
    ...planWishes(fleet, random.fork("wishes")),
  ].slice(0, budget);
  const left = budget - ofEverySource.length;
  return [
    ...ofEverySource,
    ...upTo(left * 0.5, () => planFirmwareWave(fleet, random)),
    ...upTo(left * 0.35, () => planHandover(fleet, random)),
    ...upTo(left * 0.15, () => planSmallChange(fleet, random)),
  ];
}

/** Adds stories until they fill the budget; stops if the fleet is too small for any. */
export function upTo(budget: number, nextStory: () => Plan[]): Plan[] {
  const plans: Plan[] = [];
  for (let silences = 0; plans.length < budget && silences < 100; ) {
    const story = nextStory();
    silences = story.length === 0 ? silences + 1 : 0;
    plans.push(...story);
  }
  return plans.slice(0, Math.floor(budget));
}

/** At least three of each source are removed, and half of those return from repair. */
function planRetirements(fleet: Fleet, random: Random): Plan[] {
  return someOfEachSource(fleet, random, 0.02).flatMap((device, i) => {
    const removedMs = random.between(Math.max(device.startsMs, YEAR_START_MS) + 60 * DAY_MS, YEAR_END_MS - DAY_MS);
    const reason = random.pick(["replaced under warranty", "site closed", "account closed", undefined]);
    const remove: Plan = {
      device,
      atMs: removedMs,
      say: () => ({ topic: "registration.removed", data: reason ? { reason } : {} }),
    };
    const backMs = removedMs + random.between(2 * HOUR_MS, 3 * DAY_MS);
    if (i % 2 === 0 || backMs > YEAR_END_MS) {
      device.retiredMs = removedMs;
      return [remove];
    }
    return [remove, register(device, backMs, { namesCustomer: true, located: true, registeredMs: backMs, random })];
  });
}

function planUnassignments(fleet: Fleet, random: Random): Plan[] {
  return someOfEachSource(fleet, random, 0.02).flatMap((device, i) => {
    const atMs = random.between(device.startsMs + 14 * DAY_MS, YEAR_END_MS);
    if (!isAt(device, atMs)) return [];
    const reason = random.pick(["contract ended", "moved out of territory", "owner request", undefined]);
    const unassign: Plan = {
      device,
      atMs,
      say: () => ({ topic: "dealer.unassigned", data: reason ? { reason } : {} }),
    };
    const againMs = atMs + random.between(DAY_MS, 30 * DAY_MS);
    const dealer = random.pick([device.dealer, ...territoryOf(device.city, fleet.dealers)]);
    return i % 3 === 0 || againMs > YEAR_END_MS ? [unassign] : [unassign, giveDealer(device, againMs, dealer)];
  });
}

/** Desired states: warmer, then cooler again; some devices get only one ever. */
function planWishes(fleet: Fleet, random: Random): Plan[] {
  return someOfEachSource(fleet, random, 0.02).flatMap((device) => {
    const firstMs = random.between(device.startsMs + 14 * DAY_MS, YEAR_END_MS);
    const times = [firstMs, firstMs + random.between(MINUTE_MS, 2 * DAY_MS)].slice(0, random.int(1, 2));
    return times
      .filter((atMs) => isAt(device, atMs) && atMs < YEAR_END_MS)
      .map((atMs) => ({ device, atMs, say: () => ({ topic: "twin.desired", data: random.pick(WISHES) }) }));
  });
}

const WISHES: readonly object[] = [
  { mode: "heat", heatSetpointC: 21.5 },
  { mode: "auto", heatSetpointC: 19, coolSetpointC: 25 },
  { coolSetpointC: 23.5 },
  { mode: "off" },
  {},
];

/** A model's new firmware reaches part of the fleet, a few devices first and then the rest, within ten days. */
function planFirmwareWave({ devices, models }: Fleet, random: Random): Plan[] {
  const model: Model = random.pick(models);
  const waveMs = random.between(YEAR_START_MS + 30 * DAY_MS, YEAR_END_MS - 14 * DAY_MS);
  model.wavesMs.push(waveMs);
  const share = random.between(0.3, 0.7);
  const reached = devices.filter((device) => device.model === model && isAt(device, waveMs) && random.chance(share));
  return reached.map((device) => {
    const atMs = waveMs + (random.chance(0.1) ? random.between(0, 2) : random.between(2, 10)) * DAY_MS;
    return nameDevice(device, atMs, () => {
      const wave = model.wavesMs.filter((otherMs) => otherMs <= waveMs).length;
      device.firmwareWave = Math.max(device.firmwareWave, wave);
    });
  });
}

/** A city's devices move from one dealer to another within minutes. A device that has another dealer there keeps it. */
function planHandover({ devices, dealers }: Fleet, random: Random): Plan[] {
  const city = random.pick(CITIES);
  const [from, to] = random.shuffle(territoryOf(city, dealers));
  const atMs = random.between(YEAR_START_MS + 60 * DAY_MS, YEAR_END_MS - DAY_MS);
  if (!from || !to) return [];
  const handed = devices.filter((device) => device.city === city && device.dealer === from && isAt(device, atMs));
  return handed.map((device) => giveDealer(device, atMs + random.between(0, 40 * MINUTE_MS), to));
}

/** A new tenant, a new name of a business, or a dealer that sends its details again. */
function planSmallChange({ devices }: Fleet, random: Random): Plan[] {
  const device = random.pick(devices);
  const atMs = random.between(YEAR_START_MS, YEAR_END_MS);
  if (!isAt(device, atMs)) return [];
  const kind = random.pick(["tenant", "name", "dealer"] as const);
  switch (kind) {
    case "tenant":
      return [giveCustomer(device, atMs, random.pick(devices.filter(({ city }) => city === device.city)).customer)];
    case "name":
      return [
        nameDevice(device, atMs, () => {
          device.name = random.pick(NEW_NAMES);
        }),
      ];
    case "dealer":
      return [giveDealer(device, atMs)];
  }
}

function someOfEachSource({ devices }: Fleet, random: Random, share: number): Device[] {
  const settled = devices.filter((device) => isAt(device, YEAR_END_MS - 90 * DAY_MS));
  return MODELLED.flatMap((source) => {
    const ours = random.shuffle(settled.filter((device) => device.source === source));
    return ours.slice(0, Math.max(3, Math.round(ours.length * share)));
  });
}

const NEW_NAMES = ["Reception", "Storage B", "Café seating", "Conference 2", "Annex", "Rear entrance", "Bakery floor"];
