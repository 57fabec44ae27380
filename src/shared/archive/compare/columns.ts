import { type Alert, raisedMoment, viewAlert } from "#domain/alert.ts";
import { type Device, registeredMoment, viewDevice } from "#domain/device.ts";
import { utcDay } from "#domain/time.ts";

/** The columns of a device's row that follow from its state. */
export type DeviceColumns = {
  readonly status: string;
  readonly serialNumber: string | null;
  readonly dealerId: string | null;
  readonly customerId: string | null;
  readonly registeredAt: string | null;
  /** The UTC day of `latest`; empty in rows of releases from before the column. */
  readonly updatedOn: string;
};

/** The columns of an alert's row that follow from its state. */
export type AlertColumns = {
  readonly state: string;
  readonly severity: string | null;
  readonly raisedAt: string | null;
};

/** What a device is found by. */
export type DeviceTexts = {
  readonly name: string;
  readonly serial: string;
  readonly customer: string;
  readonly owner: string;
};

export function deviceColumns(device: Pick<Device, "aspects" | "latest">): DeviceColumns {
  const { status, serialNumber, dealerId, customerId } = viewDevice(device);
  return {
    status,
    serialNumber,
    dealerId,
    customerId,
    registeredAt: registeredMoment(device),
    updatedOn: utcDay(device.latest),
  };
}

export function alertColumns(alert: Alert): AlertColumns {
  const { state, severity } = viewAlert(alert);
  return { state, severity, raisedAt: raisedMoment(alert) };
}

/** @param customer the name of the device's customer, as the device's own source has it */
export function deviceTexts({ aspects }: Pick<Device, "aspects">, customer: string | null): DeviceTexts {
  const registration = aspects.registration?.value;
  const dealerId = aspects.dealer?.value.dealerId ?? null;
  return {
    name: aspects.profile?.value.name ?? "",
    serial: registration?.kind === "registered" ? registration.serialNumber : "",
    customer: customer ?? "",
    owner: dealerId === null ? "" : `d${hexOf(dealerId)}`,
  };
}

const hexOf = (text: string): string =>
  Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16).padStart(2, "0")).join("");
