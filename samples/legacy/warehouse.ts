import { eventsInOrder, type Replayed } from "../oracle.ts";
import type { SampleRecord } from "../record.ts";
import type { RowOf, TableName, Value, Warehouse } from "./table.ts";

/** How long a batch takes to load what it has read. */
const LOADING_MS = 40 * 60_000;

const SOURCE_CODES: Readonly<Record<string, string>> = { infinity: "INF", elt: "ELT", ecobee: "ECO" };

const SOURCES = new Map(Object.entries(SOURCE_CODES).map(([source, code]) => [code, source]));

/** `{source}:{deviceId}` of a row. */
export const deviceKeyOf = ({ SOURCE_TYPE, DEVICE_ID }: RowOf<"devices" | "assignments" | "alerts">): string =>
  `${SOURCES.get(String(SOURCE_TYPE))}:${DEVICE_ID}`;

/** The records of what had happened at that time, whenever they arrived; faulty records are among them. */
export const happenedUntil = (records: readonly SampleRecord[], atMs: number): SampleRecord[] =>
  records.filter(({ value, fault }) => !fault && value !== null && occurredMsOf(value) <= atMs);

/** When the event of a good record occurred. */
export const occurredMsOf = (value: string): number => Date.parse(JSON.parse(value).occurredAt);

// biome-ignore lint/suspicious/noExplicitAny: like the oracle, it reads JSON as it comes
type Json = any;
type Alert = { raised?: Replayed; acknowledgedAt?: string; clearedAt?: string; updatedAt: string };
type Device = {
  readonly source: string;
  readonly deviceId: string;
  updatedAt: string;
  registration?: Json;
  removed?: boolean;
  profile?: Json;
  report?: Json;
  seenAt?: string;
  customerKey?: string;
  readonly alerts: Map<string, Alert>;
  readonly assignments: { dealerKey: string | null; from: string; to: string | null }[];
};
type Party = { readonly details: Json; readonly updatedAt: string };

/**
 * What a batch that read the sources at `atMs` leaves in the warehouse. A row has the newest state with the time of its
 * last change, and not how it came about.
 */
export function loadWarehouse(records: readonly SampleRecord[], atMs: number): Warehouse {
  const devices = new Map<string, Device>();
  const dealers = new Map<string, Party>();
  const customers = new Map<string, Party>();
  for (const event of eventsInOrder(happenedUntil(records, atMs))) {
    const key = keyOf(event.source, event.deviceId);
    const device = devices.get(key) ?? blank(event);
    devices.set(key, device);
    const { dealer, customer } = event.data;
    if (dealer) dealers.set(keyOf(event.source, dealer.dealerId), { details: dealer, updatedAt: event.at });
    if (customer) customers.set(keyOf(event.source, customer.customerId), { details: customer, updatedAt: event.at });
    note(device, event);
  }
  const LOADED_AT = new Date(atMs + LOADING_MS).toISOString();
  const all = [...devices.values()];
  return {
    devices: all.map((device, i) => ({ ...deviceRow(device, i + 1), LOADED_AT })),
    assignments: all.flatMap((device) => assignmentRows(device).map((row) => ({ ...row, LOADED_AT }))),
    alerts: all.flatMap((device) => alertRows(device).map((row) => ({ ...row, LOADED_AT }))),
    dealers: [...dealers].map(([DEALER_KEY, party]) => ({ DEALER_KEY, ...dealerRow(party), LOADED_AT })),
    customers: [...customers].map(([CUSTOMER_KEY, party]) => ({ CUSTOMER_KEY, ...customerRow(party), LOADED_AT })),
  };
}

const keyOf = (source: string, id: string): string => `${SOURCE_CODES[source]}-${id}`;

const blank = ({ source, deviceId, at }: Replayed): Device => ({
  ...{ source, deviceId, updatedAt: at },
  alerts: new Map(),
  assignments: [],
});

function note(device: Device, { source, action, at, data, ...event }: Replayed): void {
  device.updatedAt = at;
  if (data.customer) device.customerKey = keyOf(source, data.customer.customerId);
  switch (action) {
    case "registration.created":
      device.registration = data;
      device.removed = false;
      break;
    case "registration.removed":
      device.registration = undefined;
      device.removed = true;
      break;
    case "profile.updated":
      device.profile = data;
      break;
    case "status.reported":
      device.report = data;
      device.seenAt = at;
      break;
    case "dealer.setup":
    case "dealer.assigned":
      assign(device, keyOf(source, data.dealer.dealerId), at);
      break;
    case "dealer.unassigned":
      assign(device, null, at);
      break;
  }
  if (action.startsWith("alert.")) noteAlert(device, { source, action, at, data, ...event });
}

function assign({ assignments }: Device, dealerKey: string | null, at: string): void {
  const last = assignments.at(-1);
  if (last?.dealerKey === dealerKey) return;
  if (last) last.to = at;
  assignments.push({ dealerKey, from: at, to: null });
}

function noteAlert({ alerts }: Device, event: Replayed): void {
  const { action, at, data } = event;
  const id: string = data.alertId ?? data.acknowledgeRef;
  const known = alerts.get(id) ?? { updatedAt: at };
  alerts.set(id, known);
  known.updatedAt = at;
  if (action === "alert.cleared") known.clearedAt = at;
  else if (action === "alert.raised") alerts.set(id, { raised: event, updatedAt: at });
  else if (data.acknowledgement === "unacknowledged") delete known.acknowledgedAt;
  else known.acknowledgedAt = at;
}

type Unloaded<Name extends TableName> = Omit<RowOf<Name>, "LOADED_AT">;

const orNull = (value: Value | undefined): Value => value ?? null;
const decimal = (value: number | undefined): string | null => (value === undefined ? null : String(value));
const sourceOf = ({ source, deviceId }: Device) => ({
  DEVICE_ID: deviceId,
  SOURCE_TYPE: SOURCE_CODES[source] as string,
});

function deviceRow(device: Device, ROW_ID: number): Unloaded<"devices"> {
  const { registration, profile, report } = device;
  return {
    ROW_ID,
    ...sourceOf(device),
    STATUS: device.removed ? "RETIRED" : registration ? "ACTIVE" : "UNKNOWN",
    SERIAL: orNull(registration?.serialNumber),
    MODEL_CODE: orNull(registration?.model),
    SHIPPED_FIRMWARE: orNull(registration?.firmware),
    LOCATION: orNull(registration?.location),
    REGISTERED_AT: registration ? new Date(registration.registeredAt).toISOString() : null,
    CUSTOMER_KEY: orNull(device.customerKey),
    DISPLAY_NAME: orNull(profile?.name),
    DISPLAY_MODEL: orNull(profile?.model),
    FIRMWARE: orNull(profile?.firmware),
    FEATURES: orNull(profile?.features),
    DISPLAY_LOCATION: orNull(profile?.location),
    IS_ONLINE: orNull(report?.online),
    MODE: orNull(report?.mode?.toUpperCase()),
    TEMPERATURE: decimal(report?.indoorTemperatureC),
    HEAT_TO: decimal(report?.heatSetpointC),
    COOL_TO: decimal(report?.coolSetpointC),
    HUMIDITY: decimal(report?.humidityPct),
    EQUIPMENT: orNull(report?.equipment),
    LAST_SEEN: orNull(device.seenAt),
    UPDATED_AT: device.updatedAt,
  };
}

const assignmentRows = (device: Device): Unloaded<"assignments">[] =>
  device.assignments.map(({ dealerKey, from, to }) => ({
    ...sourceOf(device),
    ...{ DEALER_KEY: dealerKey, VALID_FROM: from, VALID_TO: to, UPDATED_AT: to ?? from },
  }));

const SEVERITIES: Readonly<Record<string, string>> = {
  ...{ critical: "HIGH", warning: "MEDIUM", info: "LOW" },
  ...{ high: "HIGH", medium: "MEDIUM", low: "LOW" },
};

function alertRows(device: Device): Unloaded<"alerts">[] {
  return [...device.alerts].map(([ALERT_ID, { raised, acknowledgedAt, clearedAt, updatedAt }]) => {
    const { code, alertNumber, severity, text, raisedAt, date, time } = raised?.data ?? {};
    return {
      ALERT_ID,
      ...sourceOf(device),
      CODE: raised ? String(code ?? alertNumber) : null,
      SEVERITY: raised ? (SEVERITIES[severity] as string) : null,
      MESSAGE: orNull(text),
      RAISED_AT: raised ? (raisedAt ? new Date(raisedAt).toISOString() : raised.at) : null,
      LOCAL_DATE: orNull(date),
      LOCAL_TIME: orNull(time),
      RECEIVED_AT: orNull(raised?.at),
      ACKNOWLEDGED_AT: orNull(acknowledgedAt),
      CLEARED_AT: orNull(clearedAt),
      UPDATED_AT: updatedAt,
    };
  });
}

const dealerRow = ({ details, updatedAt }: Party) => ({
  DEALER_ID: details.dealerId,
  NAME: details.name,
  PHONE: orNull(details.phone),
  EMAIL: orNull(details.email),
  WEBSITE: orNull(details.website),
  UPDATED_AT: updatedAt,
});

const customerRow = ({ details, updatedAt }: Party) => ({
  CUSTOMER_ID: details.customerId,
  NAME: details.name,
  EMAIL: orNull(details.email),
  PHONE: orNull(details.phone),
  UPDATED_AT: updatedAt,
});
