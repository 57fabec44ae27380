import { foldOracle, type OracleAlert, type OracleDevice } from "../oracle.ts";
import type { SampleRecord } from "../record.ts";
import { happenedUntil } from "./warehouse.ts";

/** A device as the old API names its fields. */
export type ApiDevice = ReturnType<typeof apiDevice>;
export type ApiAlert = ReturnType<typeof apiAlert>;
export type Shown = { readonly device: ApiDevice; readonly alerts: readonly ApiAlert[] };
export type ApiDealer = NonNullable<OracleDevice["dealer"]>;

/** By device key, which sorts the lists. */
export type ApiFleet = ReadonlyMap<string, Shown>;

/** What the views of the old API show after a batch that read the sources at `atMs`. */
export function showFleet(records: readonly SampleRecord[], atMs: number): ApiFleet {
  const devices = [...foldOracle(happenedUntil(records, atMs)).values()];
  devices.sort((a, b) => (a.key < b.key ? -1 : 1));
  return new Map(devices.map((each) => [each.key, { device: apiDevice(each), alerts: each.alerts.map(apiAlert) }]));
}

const apiDevice = (device: OracleDevice) => ({
  id: device.deviceId,
  source: device.source.toLowerCase(),
  serial: device.serialNumber,
  model: device.model,
  firmware: device.firmware,
  displayName: device.name,
  state: device.status as string,
  features: JSON.stringify(device.features),
  city: device.location?.city ?? null,
  registeredAt: device.registeredAt,
  lastSeen: device.report?.reportedAt ?? null,
  isOnline: device.report?.online ?? null,
  mode: device.report?.mode ?? null,
  temperature: device.report?.indoorTemperatureC ?? null,
  humidity: device.report?.humidityPct ?? null,
  dealerId: device.dealer?.dealerId ?? null,
  dealerName: device.dealer?.name ?? null,
  dealer: device.dealer,
  customerId: device.customer?.customerId ?? null,
  customerName: device.customer?.name ?? null,
});

const LEVELS = { CRITICAL: "HIGH", WARNING: "MEDIUM", INFO: "LOW" } as const;

const apiAlert = ({ alertId, severity, text, ...alert }: OracleAlert) => ({
  id: alertId,
  code: alert.code,
  level: severity && LEVELS[severity],
  message: text,
  state: alert.state,
  raisedAt: alert.raisedAt,
  clearedAt: alert.clearedAt,
});
