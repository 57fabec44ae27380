import { DAY_MS, YEAR_END_MS, YEAR_START_MS } from "./calendar.ts";
import { CITIES, type City } from "./places.ts";
import type { Random } from "./random.ts";

/** The sources whose year is told; of others the samples have their contracts' examples. */
export const MODELLED = ["infinity", "elt", "ecobee"] as const;
export type Source = (typeof MODELLED)[number];

export type Model = {
  readonly source: Source;
  readonly name: string;
  /** The name on the box, for sources whose profiles have it. */
  readonly retailName?: string;
  readonly serialNumber: (random: Random) => string;
  /** The firmware after this many waves. */
  readonly firmware: (wave: number) => string;
  readonly features: readonly string[];
  readonly heatPump: boolean;
  /** When each firmware wave began; stories add to it. */
  readonly wavesMs: number[];
};

/** Details may change once, at `changedAtMs`: events from before and after then differ, and versions decide. */
export type Party = {
  readonly id: string;
  readonly name: string;
  readonly before: Readonly<Record<string, string>>;
  readonly after: Readonly<Record<string, string>>;
  readonly changedAtMs: number;
};

export type Customer = Party & { readonly city: City };

export type Device = {
  readonly source: Source;
  readonly deviceId: string;
  readonly serialNumber: string;
  readonly model: Model;
  readonly city: City;
  /** How much it reports compared with the others. */
  readonly talkative: number;
  /** When its first event occurs, and when it was registered at its source, which may be years before. */
  readonly startsMs: number;
  readonly registeredMs: number;
  /** Known to a dealer but not installed yet: it has no registration and reports nothing. */
  readonly inStock: boolean;
  retiredMs: number;
  // What the stream has published so far. It changes as the year goes on.
  customer: Customer;
  dealer: Party;
  name: string;
  firmwareWave: number;
  lastReport?: object;
};

export type Fleet = {
  readonly devices: readonly Device[];
  readonly dealers: readonly Party[];
  readonly models: readonly Model[];
};

export const particularsOf = ({ name, before, after, changedAtMs }: Party, ms: number): Record<string, string> => ({
  name,
  ...(ms < changedAtMs ? before : after),
});

export const isAt = (device: Device, ms: number): boolean =>
  !device.inStock && device.startsMs + 7 * DAY_MS < ms && ms < device.retiredMs;

export function buildFleet(random: Random, count: number): Fleet {
  const models = listModels();
  const dealers = DEALER_NAMES.map((name, i) => drawDealer(random, name, i));
  const sites = Array.from({ length: Math.ceil(count / 3) }, (_, i) => drawCustomer(random, i));
  const taken = new Set<string>();
  const devices = Array.from({ length: count }, (_, i) => {
    const customer = random.pick(sites);
    return drawDevice(random, { first: i === 0, model: random.pick(models), customer, dealers, taken });
  });
  return { devices, dealers, models };
}

type Making = { first: boolean; model: Model; customer: Customer; dealers: readonly Party[]; taken: Set<string> };

function drawDevice(random: Random, { first, model, customer, dealers, taken }: Making): Device {
  const serialNumber = unused(taken, () => model.serialNumber(random));
  const wasThere = first || random.chance(0.6);
  const startsMs = wasThere
    ? YEAR_START_MS + random.between(0, 21 * DAY_MS)
    : random.between(YEAR_START_MS + 21 * DAY_MS, YEAR_END_MS - 2 * DAY_MS);
  const registeredMs = wasThere ? startsMs - random.between(1, 1500) * DAY_MS : startsMs;
  return {
    source: model.source,
    deviceId: model.source === "elt" ? unused(taken, () => macAddress(random)) : serialNumber,
    serialNumber,
    model,
    city: customer.city,
    talkative: random.between(0.4, 2.2),
    startsMs,
    registeredMs,
    inStock: !first && random.chance(0.015),
    retiredMs: Number.POSITIVE_INFINITY,
    customer,
    dealer: random.pick(territoryOf(customer.city, dealers)),
    name: `${random.pick(ROOMS)}${random.chance(0.5) ? ` ${random.int(1, 9)}` : ""}`,
    firmwareWave: 0,
  };
}

/** Two dealers serve a city, and neighbouring cities share one of them. */
export function territoryOf(city: City, dealers: readonly Party[]): Party[] {
  const i = CITIES.indexOf(city);
  return [dealers[i % dealers.length], dealers[(i + 1) % dealers.length]] as Party[];
}

function unused(taken: Set<string>, make: () => string): string {
  for (;;) {
    const text = make();
    if (!taken.has(text)) return taken.add(text) && text;
  }
}

const macAddress = (random: Random) =>
  ["A4", "CF", "12", ...(random.hex(6).toUpperCase().match(/../g) as string[])].join(":");

function listModels(): Model[] {
  const infinity = (name: string, features: string[], heatPump: boolean): Model => ({
    source: "infinity",
    name,
    features,
    heatPump,
    serialNumber: (random) => `${random.int(18, 26)}${String(random.int(1, 52)).padStart(2, "0")}W${random.digits(6)}`,
    firmware: (wave) => `14.${String(2 + wave).padStart(2, "0")}`,
    wavesMs: [],
  });
  const elt = (name: string, features: string[], heatPump: boolean): Model => ({
    source: "elt",
    name,
    features,
    heatPump,
    serialNumber: (random) => `${name.replace("-", "").slice(0, 5)}-${random.digits(6)}`,
    firmware: (wave) => `3.8.${1 + wave}`,
    wavesMs: [],
  });
  const ecobee = (name: string, retailName: string, features: string[], heatPump: boolean): Model => ({
    source: "ecobee",
    name,
    retailName,
    features,
    heatPump,
    serialNumber: (random) => `31${random.digits(10)}`,
    firmware: (wave) => `4.8.7.${18 + wave}`,
    wavesMs: [],
  });
  return [
    infinity("SYSTXCCITC01", ["humidifier", "zoning"], true),
    infinity("SYSTXCCITW01", ["zoning", "remoteAccess"], false),
    infinity("SYSTXCCWIC01", ["humidifier", "ventilator", "remoteAccess"], true),
    elt("ELT-450", ["economizer"], false),
    elt("ELT-460", ["economizer", "demandControl"], true),
    elt("ELT-R12", [], false),
    ecobee("nikeSmart", "ecobee3 lite", ["remoteSensors", "voice"], true),
    ecobee("apolloSmart", "ecobee4", ["remoteSensors", "airQuality", "voice"], true),
    ecobee("athenaSmart", "ecobee3", ["remoteSensors"], false),
  ];
}

function drawDealer(random: Random, name: string, i: number): Party {
  const site = `${name.toLowerCase().replaceAll(/[^a-z]+/g, "-")}.example`;
  const before = {
    phone: phoneNumber(random),
    ...(random.chance(0.7) && { email: `service@${site}` }),
    ...(random.chance(0.5) && { website: `https://${site}` }),
  };
  const changes = random.chance(0.3) ? { phone: phoneNumber(random), website: `https://www.${site}` } : {};
  const changedAtMs = random.between(YEAR_START_MS + 60 * DAY_MS, YEAR_END_MS - 60 * DAY_MS);
  return { id: `D-${i + 7}`, name, before, after: { ...before, ...changes }, changedAtMs };
}

function drawCustomer(random: Random, i: number): Customer {
  const name = `${random.pick(CUSTOMER_FIRST)} ${random.pick(CUSTOMER_LAST)}`;
  const site = `${name.toLowerCase().replaceAll(/[^a-z]+/g, "-")}.example`;
  const before = {
    ...(random.chance(0.7) && { email: `facilities@${site}` }),
    ...(random.chance(0.5) && { phone: phoneNumber(random) }),
  };
  const changes = random.chance(0.2) ? { email: `office@${site}` } : {};
  const changedAtMs = random.between(YEAR_START_MS, YEAR_END_MS);
  return {
    id: `C-${1001 + i}`,
    name,
    before,
    after: { ...before, ...changes },
    changedAtMs,
    city: random.pick(CITIES),
  };
}

const phoneNumber = (random: Random) => `+1 ${random.int(201, 989)} 555 01${random.digits(2)}`;

const DEALER_NAMES = [
  "Arctic Air",
  "Lakehead Climate",
  "North Star Mechanical",
  "Lone Star Comfort",
  "Bluebonnet Heating & Air",
  "Gulf Coast Cooling",
  "Bay State Refrigeration",
  "Erie Mechanical",
  "Saguaro Climate Control",
  "Front Range HVAC",
  "Maple Heating",
  "Prairie Furnace & Boiler",
];

const CUSTOMER_FIRST = [
  "Nordic",
  "Hill Country",
  "Queen Street",
  "Riverside",
  "Summit",
  "Harbor",
  "Maplewood",
  "Granite",
  "Union",
  "Lakeview",
  "Cedar",
  "Élan",
  "Sunrise",
  "Midtown",
  "St. Anne",
  "Copper",
  "Old Mill",
  "Bright",
];
const CUSTOMER_LAST = [
  "Foods",
  "Clinic",
  "Books",
  "Schools",
  "Dental",
  "Brewery",
  "Logistics",
  "Hotel",
  "Bakery",
  "Fitness",
  "Library",
  "Pharmacy",
  "Offices",
  "Market",
  "Café",
  "Credit Union",
];

const ROOMS = [
  "Roof unit",
  "Lobby",
  "Cold store, north wall",
  "Waiting room",
  "Shop floor",
  "Server room",
  "Kitchen",
  "Warehouse",
  "Classroom",
  "Gym",
  "Open office",
  "Loading dock",
];
