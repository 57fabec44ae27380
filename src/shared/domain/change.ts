import type { Moment } from "./time.ts";

/**
 * What an event says about a device, in our own words. Each contract maps its data to a `Change`;
 * nothing behind the contracts knows what a source calls things.
 */
export type Change = {
  readonly registration?: Registration;
  readonly customer?: Customer;
  /** `null` takes the device away from its dealer. */
  readonly dealer?: Dealer | null;
  readonly profile?: Profile;
  readonly status?: StatusReport;
  readonly desired?: DesiredState;
  readonly alert?: AlertChange;
};

export type Registration =
  | {
      readonly kind: "registered";
      readonly model: string;
      readonly serialNumber: string;
      readonly firmware?: string;
      readonly registeredAt: Moment;
      readonly location?: Location;
    }
  | { readonly kind: "removed"; readonly reason?: string };

export type Location = {
  readonly country: string;
  readonly region?: string;
  readonly city?: string;
  readonly postalCode?: string;
  readonly timeZone?: string;
  readonly latitude?: number;
  readonly longitude?: number;
};

export type Customer = {
  readonly customerId: string;
  readonly name: string;
  readonly email?: string;
  readonly phone?: string;
};

export type Dealer = {
  readonly dealerId: string;
  readonly name: string;
  readonly phone?: string;
  readonly email?: string;
  readonly website?: string;
};

export type Profile = {
  readonly name: string;
  readonly model?: string;
  readonly firmware?: string;
  readonly features?: readonly string[];
  readonly location?: Location;
};

export type Mode = "heat" | "cool" | "auto" | "auxHeat" | "off";

/** Temperatures in degrees Celsius, humidity in percent. */
export type StatusReport = {
  readonly online: boolean;
  readonly mode?: Mode;
  readonly indoorTemperatureC?: number;
  readonly heatSetpointC?: number;
  readonly coolSetpointC?: number;
  readonly humidityPct?: number;
  readonly equipment?: readonly string[];
};

/** What people want a device to do, whole: what it does not name is left to the device. Degrees Celsius. */
export type DesiredState = {
  readonly mode?: Mode;
  readonly heatSetpointC?: number;
  readonly coolSetpointC?: number;
};

export type Severity = "info" | "warning" | "critical";

export type AlertDetails = {
  readonly code: string;
  readonly severity: Severity;
  readonly text: string;
  /** Without it the alert was raised when its event occurred. */
  readonly raisedAt?: Moment;
};

/** Whether the cause is there. */
export type AlertProgress = { readonly kind: "raised" } | { readonly kind: "cleared"; readonly resolution?: string };

/** What people said to it; they may take it back. */
export type AlertAcknowledgement =
  | { readonly kind: "acknowledged"; readonly acknowledgement: string }
  | { readonly kind: "unacknowledged" };

export type AlertChange = {
  readonly alertId: string;
  readonly details?: AlertDetails;
  readonly progress?: AlertProgress;
  readonly acknowledgement?: AlertAcknowledgement;
};
