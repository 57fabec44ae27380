import { eventsInOrder, foldOracle, type Replayed } from "../../../samples/oracle.ts";
import type { SampleRecord } from "../../../samples/record.ts";

/**
 * The five answers of docs/analytics.md the naive way: one walk over the events in their order, which notes and overwrites.
 * It shares no code with the platform, and nothing with SQL.
 */

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const OCTOBER = { fromMs: Date.UTC(2026, 9, 1), toMs: Date.UTC(2026, 10, 1) };
const YEAR = { fromMs: Date.UTC(2025, 10, 1), toMs: OCTOBER.toMs };

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const msOf = ({ at }: Replayed): number => Date.parse(`${at.slice(0, 23)}Z`);
const keyOf = ({ source, deviceId }: Replayed): string => `${source}:${deviceId}`;
const rounded = (value: number): number => Math.round(value * 1_000) / 1_000;
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export type DayStatus = { day: string; source: string; status: string; devices: number };

/** The platform's oracle of a device, asked again for the end of each day. */
export function devicesByStatus(records: readonly SampleRecord[]): DayStatus[] {
  const rows: DayStatus[] = [];
  for (let ms = OCTOBER.fromMs; ms < OCTOBER.toMs; ms += DAY_MS) {
    const until = records.filter(
      ({ value, fault }) => !fault && value !== null && Date.parse(JSON.parse(value).occurredAt) < ms + DAY_MS,
    );
    const counts = new Map<string, number>();
    for (const { source, status } of foldOracle(until).values()) {
      const group = `${source.toLowerCase()} ${status}`;
      counts.set(group, (counts.get(group) ?? 0) + 1);
    }
    for (const [group, devices] of [...counts].sort(([a], [b]) => byText(a, b))) {
      const [source = "", status = ""] = group.split(" ");
      rows.push({ day: dayOf(ms), source, status, devices });
    }
  }
  return rows;
}

export function assignments(records: readonly SampleRecord[]) {
  const cut = (at: string | null) => at && `${at.slice(0, 23)}Z`;
  return [...foldOracle(records).values()]
    .sort((a, b) => byText(a.key, b.key))
    .flatMap((device) =>
      device.assignments.map(({ dealerId, from, to }) => ({
        ...{ device_key: device.key, dealer_id: dealerId, since: cut(from), until: cut(to) },
      })),
    );
}

export function timeToAcknowledge(records: readonly SampleRecord[]) {
  const minutes = new Map<string, number[]>();
  for (const { alerts } of foldOracle(records).values()) {
    for (const { severity, raisedAt, acknowledgedAt } of alerts) {
      if (severity === null || raisedAt === null || acknowledgedAt === null) continue;
      const [raised, acknowledged] = [raisedAt, acknowledgedAt].map((at) => Date.parse(`${at.slice(0, 23)}Z`)) as [
        number,
        number,
      ];
      if (raised < YEAR.fromMs || raised >= YEAR.toMs) continue;
      const group = severity.toLowerCase();
      minutes.set(group, [...(minutes.get(group) ?? []), (acknowledged - raised) / 60_000]);
    }
  }
  return [...minutes]
    .sort(([a], [b]) => byText(a, b))
    .map(([severity, all]) => ({
      ...{ severity, alerts: all.length },
      mean_minutes: rounded(all.reduce((sum, each) => sum + each, 0) / all.length),
    }));
}

export function offlineHours(records: readonly SampleRecord[]) {
  const hours = new Map<string, number>();
  const devices = new Map<string, { isOffline: boolean; dealer: string | null; sinceMs: number }>();
  type Known = { isOffline: boolean; dealer: string | null; sinceMs: number };
  const count = ({ isOffline, dealer, sinceMs }: Known, untilMs: number) => {
    const spanMs = Math.min(untilMs, OCTOBER.toMs) - Math.max(sinceMs, OCTOBER.fromMs);
    if (isOffline && dealer !== null && spanMs > 0) hours.set(dealer, (hours.get(dealer) ?? 0) + spanMs / HOUR_MS);
  };
  for (const event of eventsInOrder(records)) {
    const device = devices.get(keyOf(event)) ?? { isOffline: false, dealer: null, sinceMs: msOf(event) };
    devices.set(keyOf(event), device);
    count(device, msOf(event));
    device.sinceMs = msOf(event);
    if (event.action === "status.reported") device.isOffline = event.data.online === false;
    if (event.action === "registration.removed") device.isOffline = false;
    if (event.action === "dealer.assigned" || event.action === "dealer.setup")
      device.dealer = event.data.dealer.dealerId;
    if (event.action === "dealer.unassigned") device.dealer = null;
  }
  for (const device of devices.values()) count(device, OCTOBER.toMs);
  return [...hours]
    .map(([dealer_id, sum]) => ({ dealer_id, hours: rounded(sum) }))
    .sort((a, b) => b.hours - a.hours || byText(a.dealer_id, b.dealer_id))
    .slice(0, 10);
}

export function temperaturesByRegion(records: readonly SampleRecord[]) {
  type Place = { region?: string } | undefined;
  const places = new Map<string, { profile?: Place; registration?: Place }>();
  const groups = new Map<string, { lowest: number; highest: number; devices: Set<string> }>();
  for (const event of eventsInOrder(records)) {
    const { action, data } = event;
    const place = places.get(keyOf(event)) ?? {};
    places.set(keyOf(event), place);
    if (action === "profile.updated") place.profile = data.location;
    if (action === "registration.created") place.registration = data.location;
    if (action === "registration.removed") place.registration = undefined;
    const region = (place.profile ?? place.registration)?.region;
    if (action !== "status.reported" || region === undefined || data.indoorTemperatureC === undefined) continue;
    const value: number = data.indoorTemperatureC;
    const name = `${dayOf(msOf(event))} ${region}`;
    const group = groups.get(name) ?? { lowest: value, highest: value, devices: new Set() };
    groups.set(name, group);
    group.lowest = Math.min(group.lowest, value);
    group.highest = Math.max(group.highest, value);
    group.devices.add(keyOf(event));
  }
  return [...groups]
    .sort(([a], [b]) => byText(a, b))
    .map(([name, { lowest, highest, devices }]) => ({
      ...{ day: name.slice(0, 10), region: name.slice(11), lowest, highest, devices: devices.size },
    }));
}
