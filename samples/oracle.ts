import type { SampleRecord } from "./record.ts";

/**
 * The expected state after all records, computed the naive way: sort, replay, overwrite. It shares no code with the
 * platform on purpose, so that a mistake in either shows.
 */
export type OracleFleet = Map<string, OracleDevice>;

export type OracleDevice = {
  key: string;
  source: "INFINITY" | "ELT" | "ECOBEE";
  deviceId: string;
  status: "UNREGISTERED" | "REGISTERED" | "ONLINE" | "OFFLINE" | "RETIRED";
  serialNumber: string | null;
  model: string | null;
  firmware: string | null;
  name: string | null;
  features: string[];
  location: OracleLocation | null;
  registeredAt: string | null;
  updatedAt: string;
  dealer: OracleDealer | null;
  customer: OracleCustomer | null;
  report: OracleReport | null;
  twin: OracleTwin;
  /** Sorted by alertId. */
  alerts: OracleAlert[];
  /** Oldest first; `dealerId` is null while unassigned. */
  assignments: OracleAssignment[];
  /** Event ids, newest first, at most 100. */
  history: string[];
};

export type OracleLocation = ReturnType<typeof locationOf>;
export type OracleDealer = ReturnType<typeof dealerOf>;
export type OracleCustomer = ReturnType<typeof customerOf>;
export type OracleReport = ReturnType<typeof reportOf>;
export type OracleTwin = ReturnType<typeof twinOf>;
export type OracleAssignment = { dealerId: string | null; from: string; to: string | null };
// biome-ignore lint/suspicious/noExplicitAny: the oracle reads JSON as it comes; schemas would be the platform's
type Json = any;
export type OracleAlert = {
  alertId: string;
  code: string | null;
  severity: "INFO" | "WARNING" | "CRITICAL" | null;
  state: "OPEN" | "ACKNOWLEDGED" | "CLEARED";
  text: string | null;
  raisedAt: string | null;
  clearedAt: string | null;
  acknowledgedAt: string | null;
  acknowledgedBy: string | null;
};

export type Replayed = {
  source: string;
  action: string;
  eventId: string;
  at: string;
  time: OracleTime;
  deviceId: string;
  data: Json;
};

/** The newest value of everything, before it is converted to the shape that readers see. */
type Notes = {
  readonly device: OracleDevice;
  registration?: Json;
  removed?: boolean;
  profile?: Json;
  report?: OracleReport;
  desired?: { version: string; at: string; data: Json };
  dealerId?: string | null;
  customerId?: string;
};

export function foldOracle(records: readonly SampleRecord[]): OracleFleet {
  const dealers = new Map<string, OracleDealer>();
  const customers = new Map<string, OracleCustomer>();
  const notes = new Map<string, Notes>();
  for (const event of eventsInOrder(records)) {
    const { data } = event;
    const key = `${event.source}:${event.deviceId}`;
    const known = notes.get(key) ?? { device: blankDevice(event, key) };
    notes.set(key, known);
    note(known, event);
    // One source's record of a dealer or a customer is never changed by another source.
    if (data.dealer) dealers.set(`${event.source} ${data.dealer.dealerId}`, dealerOf(data.dealer));
    if (data.customer) customers.set(`${event.source} ${data.customer.customerId}`, customerOf(data.customer));
  }
  for (const known of notes.values()) present(known, dealers, customers);
  return new Map([...notes].map(([key, { device }]) => [key, device]));
}

/** Overwrites everything that this event sets. */
function note(known: Notes, event: Replayed): void {
  const { device } = known;
  const { data, at } = event;
  device.updatedAt = at;
  device.history = [event.eventId, ...device.history].slice(0, 100);
  if (data.customer) known.customerId = data.customer.customerId;
  switch (event.action) {
    case "registration.created":
      known.registration = data;
      known.removed = false;
      break;
    case "registration.removed":
      known.registration = undefined;
      known.removed = true;
      break;
    case "dealer.setup":
    case "dealer.assigned":
      known.dealerId = data.dealer.dealerId;
      assign(device.assignments, data.dealer.dealerId, at);
      break;
    case "dealer.unassigned":
      known.dealerId = null;
      assign(device.assignments, null, at);
      break;
    case "customer.assigned":
      break;
    case "profile.updated":
      known.profile = data;
      break;
    case "status.reported":
      known.report = reportOf(data, at);
      break;
    case "twin.desired":
      known.desired = { version: versionOf(event), at, data };
      break;
    case "alert.raised":
      Object.assign(alertIn(device, data), raised(event), { state: "OPEN", clearedAt: null, ...NOBODY });
      break;
    case "alert.acknowledged": {
      const alert = alertIn(device, data);
      // An acknowledgement does not reopen an alert that was cleared.
      if (alert.state !== "CLEARED") alert.state = data.acknowledgement === "unacknowledged" ? "OPEN" : "ACKNOWLEDGED";
      const isTakenBack = data.acknowledgement === "unacknowledged";
      Object.assign(alert, isTakenBack ? NOBODY : { acknowledgedAt: at, acknowledgedBy: nameOf(data.by) });
      break;
    }
    case "alert.cleared":
      Object.assign(alertIn(device, data), { state: "CLEARED", clearedAt: at });
      break;
    default:
      throw new Error(`The oracle does not know ${event.action}.`);
  }
}

/** Converts the collected values to the shape that readers see. The profile takes precedence over the registration. */
function present(known: Notes, dealers: Map<string, OracleDealer>, customers: Map<string, OracleCustomer>): void {
  const { device, registration, profile, report } = known;
  const location = profile?.location ?? registration?.location;
  device.status = statusOf(known);
  device.serialNumber = registration?.serialNumber ?? null;
  device.model = profile?.model ?? registration?.model ?? null;
  device.firmware = profile?.firmware ?? registration?.firmware ?? null;
  device.name = profile?.name ?? null;
  device.features = profile?.features ?? [];
  device.location = location ? locationOf(location) : null;
  device.registeredAt = registration ? utc(registration.registeredAt) : null;
  const source = device.source.toLowerCase();
  device.dealer = dealers.get(`${source} ${known.dealerId ?? ""}`) ?? null;
  device.customer = customers.get(`${source} ${known.customerId ?? ""}`) ?? null;
  device.report = report ?? null;
  device.twin = twinOf(known);
  device.alerts.sort((a, b) => byCodePoint(a.alertId, b.alertId));
}

function statusOf({ removed, report, registration }: Notes): OracleDevice["status"] {
  if (removed) return "RETIRED";
  if (report) return report.online ? "ONLINE" : "OFFLINE";
  return registration ? "REGISTERED" : "UNREGISTERED";
}

/** The good events, each once, by time and then by event id. */
export function eventsInOrder(records: readonly SampleRecord[]): Replayed[] {
  const once = new Map<string, Replayed>();
  for (const { topic, value, fault } of records) {
    if (fault || value === null) continue;
    const [, source = "", entity, verb] = topic.split(".");
    const { eventId, occurredAt, deviceId, data } = JSON.parse(value);
    const time = timeOf(occurredAt);
    const event = { source, action: `${entity}.${verb}`, eventId, at: utc(occurredAt), time, deviceId, data };
    once.set(JSON.stringify([topic, eventId, deviceId]), event);
  }
  return [...once.values()].sort((a, b) => byTime(a.time, b.time) || byCodePoint(a.eventId, b.eventId));
}

function blankDevice({ source, deviceId, at }: Replayed, key: string): OracleDevice {
  return {
    key,
    source: source.toUpperCase() as OracleDevice["source"],
    deviceId,
    status: "UNREGISTERED",
    serialNumber: null,
    model: null,
    firmware: null,
    name: null,
    features: [],
    location: null,
    registeredAt: null,
    updatedAt: at,
    dealer: null,
    customer: null,
    report: null,
    twin: twinOf({}),
    alerts: [],
    assignments: [],
    history: [],
  };
}

function assign(assignments: OracleAssignment[], dealerId: string | null, at: string): void {
  const last = assignments.at(-1);
  if (last && last.dealerId === dealerId) return;
  if (last) last.to = at;
  assignments.push({ dealerId, from: at, to: null });
}

/** Who gave a command, as an operator reads it. The samples' tokens all have a subject. */
const nameOf = (by: Json): string | null => by?.subject ?? null;

const NOBODY = { acknowledgedAt: null, acknowledgedBy: null };

function alertIn(device: OracleDevice, data: Json): OracleAlert {
  const alertId = data.alertId ?? data.acknowledgeRef;
  const known = device.alerts.find((alert) => alert.alertId === alertId);
  if (known) return known;
  const blank: OracleAlert = {
    alertId,
    code: null,
    severity: null,
    state: "OPEN",
    text: null,
    raisedAt: null,
    clearedAt: null,
    ...NOBODY,
  };
  device.alerts.push(blank);
  return blank;
}

/** ecobee has a numeric code, levels of its own, and only the event's own time in UTC. */
function raised({ source, data, at }: Replayed): Partial<OracleAlert> {
  if (source !== "ecobee") {
    const { code, severity, text, raisedAt } = data;
    return { code, severity: severity.toUpperCase(), text, raisedAt: raisedAt ? utc(raisedAt) : at };
  }
  const severity = { low: "INFO", medium: "WARNING", high: "CRITICAL" }[
    data.severity as "low"
  ] as OracleAlert["severity"];
  return { code: `${data.alertNumber}`, severity, text: data.text, raisedAt: at };
}

/** A desired value is in the delta until the last report has the same. */
function twinOf({ desired, report }: Pick<Notes, "desired" | "report">) {
  const wanted = desired ? settingsOf(desired.data) : null;
  const reported = report
    ? { mode: report.mode, heatSetpointC: report.heatSetpointC, coolSetpointC: report.coolSetpointC }
    : null;
  const open = <T>(want: T | null | undefined, has: T | null | undefined) => (want === has ? null : (want ?? null));
  const delta = {
    mode: open(wanted?.mode, reported?.mode),
    heatSetpointC: open(wanted?.heatSetpointC, reported?.heatSetpointC),
    coolSetpointC: open(wanted?.coolSetpointC, reported?.coolSetpointC),
  };
  const isOpen = delta.mode !== null || delta.heatSetpointC !== null || delta.coolSetpointC !== null;
  const said = { desiredAt: desired?.at ?? null, desiredBy: nameOf(desired?.data.by) };
  return { version: desired?.version ?? null, desired: wanted, ...said, reported, delta: isOpen ? delta : null };
}

function settingsOf({ mode, heatSetpointC, coolSetpointC }: Json) {
  const modes = { heat: "HEAT", cool: "COOL", auto: "AUTO", auxHeat: "AUX_HEAT", off: "OFF" } as const;
  return {
    mode: mode === undefined ? null : modes[mode as keyof typeof modes],
    heatSetpointC: numberOrNull(heatSetpointC),
    coolSetpointC: numberOrNull(coolSetpointC),
  };
}

function reportOf(data: Json, at: string) {
  return {
    online: data.online as boolean,
    ...settingsOf(data),
    indoorTemperatureC: numberOrNull(data.indoorTemperatureC),
    humidityPct: numberOrNull(data.humidityPct),
    equipment: (data.equipment ?? []) as string[],
    reportedAt: at,
  };
}

const dealerOf = ({ dealerId, name, phone, email, website }: Json) => ({
  dealerId: dealerId as string,
  name: name as string,
  phone: textOrNull(phone),
  email: textOrNull(email),
  website: textOrNull(website),
});

const customerOf = ({ customerId, name, email, phone }: Json) => ({
  customerId: customerId as string,
  name: name as string,
  email: textOrNull(email),
  phone: textOrNull(phone),
});

const locationOf = ({ country, region, city, postalCode, timeZone, latitude, longitude }: Json) => ({
  country: country as string,
  region: textOrNull(region),
  city: textOrNull(city),
  postalCode: textOrNull(postalCode),
  timeZone: textOrNull(timeZone),
  latitude: numberOrNull(latitude),
  longitude: numberOrNull(longitude),
});

const textOrNull = (value: string | undefined): string | null => value ?? null;
const numberOrNull = (value: number | undefined): number | null => value ?? null;

/** Whole seconds since 1970, and the digits of the fraction as they were written. */
type OracleTime = { readonly seconds: number; readonly digits: string };

/** The fraction is removed before `Date.parse`, which would cut it to milliseconds. */
function timeOf(text: string): OracleTime {
  const digits = /\.(\d+)/.exec(text)?.[1] ?? "";
  return { seconds: Date.parse(text.replace(/\.\d+/, "")) / 1000, digits: digits.replace(/0+$/, "") };
}

const byTime = (a: OracleTime, b: OracleTime): number =>
  a.seconds - b.seconds || byCodePoint(a.digits.padEnd(18, "0"), b.digits.padEnd(18, "0"));

/** In UTC, with milliseconds or as many digits as are not trailing zeros. */
function utc(text: string): string {
  const { seconds, digits } = timeOf(text);
  return `${new Date(seconds * 1000).toISOString().slice(0, 20)}${digits.padEnd(3, "0")}Z`;
}

/**
 * The version of a desired state, which clients send back: the milliseconds, the Z, any finer digits, and the event.
 */
function versionOf({ at, eventId }: Replayed): string {
  const [, milliseconds, finer] = /^(.{23})(\d*)Z$/.exec(at) as RegExpExecArray;
  return `${milliseconds}Z${finer}/${eventId}`;
}

/** UTF-8 sorts as code points do. */
const byCodePoint = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
