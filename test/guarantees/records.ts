import type { Random } from "../../samples/random.ts";
import type { SampleRecord } from "../../samples/record.ts";

const START_MS = Date.UTC(2026, 9, 1);

/** The start of a minute; all records count minutes from 1 October 2026. */
export const minuteOf = (ms: number): number => (ms - START_MS) / 60_000;

type Event = {
  readonly device: string;
  readonly action: string;
  readonly minute: number;
  readonly data: object;
  /** The event id, together with the device's name. Without it, the minute is. */
  readonly id?: number;
  /** Digits of its time beyond milliseconds. */
  readonly finer?: string;
};

export function recordOf({ device, action, minute, data, id = minute, finer = "" }: Event): SampleRecord {
  const occurredAt = new Date(START_MS + minute * 60_000).toISOString().replace("Z", `${finer}Z`);
  const value = { eventId: `${device}-${id}`, occurredAt, deviceId: device, data };
  return { topic: `device.elt.${action}`, key: device, value: JSON.stringify(value) };
}

/** A status report whose temperature changes with every minute. */
export const report = (device: string, minute: number): SampleRecord =>
  recordOf({ device, action: "status.reported", minute, data: { online: true, indoorTemperatureC: minute % 40 } });

/** An alert of its own for each minute, so that each record leaves a row of its own. */
export const alert = (device: string, minute: number): SampleRecord =>
  recordOf({
    device,
    action: "alert.raised",
    minute,
    data: { alertId: `a-${minute}`, code: "C", severity: "info", text: "x" },
  });

/** A record that its contract refuses. */
export const bad = (device: string, minute: number): SampleRecord =>
  recordOf({ device, action: "status.reported", minute, data: { unread: minute } });

/** Events of every kind in only a few minutes: equal times are common, so that the event id has to decide. */
export function story(random: Random, device: string, count: number): SampleRecord[] {
  return Array.from({ length: count }, (_, id) => {
    const [action, data] = random.pick(kinds(random, device));
    const finer = random.pick(["", "", "001", "0005", "999999"]);
    return recordOf({ device, action, data, id, minute: random.int(1, count / 2), finer });
  });
}

function kinds(random: Random, device: string): [action: string, data: object][] {
  const alertId = `a-${random.int(1, 3)}`;
  const dealer = { dealerId: `${device}-D${random.int(1, 3)}`, name: `Dealer ${random.int(1, 3)}` };
  const customer = { customerId: `${device}-C${random.int(1, 2)}`, name: `Customer ${random.int(1, 3)}` };
  const serialNumber = `S-${random.int(1, 9)}`;
  return [
    ["status.reported", { online: random.chance(0.8), indoorTemperatureC: random.int(18, 20) }],
    ["registration.created", { model: "M", serialNumber, registeredAt: "2026-09-01T00:00:00Z" }],
    ["registration.removed", {}],
    ["dealer.assigned", { dealer }],
    ["dealer.unassigned", {}],
    ["customer.assigned", { customer }],
    ["profile.updated", { name: `Room ${random.int(1, 4)}` }],
    ["alert.raised", { alertId, code: "C", severity: random.pick(["info", "warning", "critical"]), text: "x" }],
    ["alert.cleared", { alertId }],
  ];
}
