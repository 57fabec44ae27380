import { type Alert, raisedMoment, viewAlert } from "#domain/alert.ts";
import { type Device, registeredMoment, viewDevice } from "#domain/device.ts";
import type { DeviceKey } from "#domain/event.ts";
import { utcDay } from "#domain/time.ts";
import type { RowShape, WriteRow } from "./guarded-writes.ts";

/** A device's row as it is written: its state, and the columns that follow from it. */
export function deviceRow(device: Pick<Device, "key" | "aspects" | "latest">) {
  const { status, serialNumber, dealerId, customerId } = viewDevice(device);
  return {
    k: device.key,
    aspects: device.aspects,
    latest: device.latest,
    status,
    serial_number: serialNumber,
    dealer_id: dealerId,
    customer_id: customerId,
    registered_at: registeredMoment(device),
    updated_on: utcDay(device.latest),
  } satisfies WriteRow;
}

/** An alert's row as it is written: its state, and the columns that follow from it. */
export function alertRow(deviceKey: DeviceKey, alertId: string, alert: Alert) {
  const { state, severity } = viewAlert(alert);
  return { k: deviceKey, p: alertId, alert, state, severity, raised_at: raisedMoment(alert) } satisfies WriteRow;
}

export const DEVICE_ROWS: RowShape = {
  table: "devices",
  key: { key: "k" },
  state: { aspects: "j.value->'aspects'", latest: "j.value->>'latest'" },
  derived: ["status", "serial_number", "dealer_id", "customer_id", "registered_at", "updated_on"],
};

export const ALERT_ROWS: RowShape = {
  table: "alerts",
  key: { device_key: "k", alert_id: "p" },
  state: { alert: "j.value->'alert'" },
  derived: ["state", "severity", "raised_at"],
};
