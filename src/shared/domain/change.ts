import type { Moment } from "./time.ts";

/**
 * What an event changes about a device, independent of its source: each contract maps its data to a `Change`, and no
 * other code knows a source's own names.
 */
export type Change = {
  readonly registration?: Registration;
  readonly customer?: Customer;
  /** `null` removes the device from its dealer. */
  readonly dealer?: Dealer | null;
  readonly profile?: Profile;
  readonly status?: StatusReport;
  readonly desired?: DesiredState & By;
  readonly alert?: AlertChange;
};

/** Whether a device is in the fleet: what it is if it was registered, or why it was removed. */
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

/** Where a device is. `country` is an ISO 3166-1 alpha-2 code, `timeZone` a name of the IANA database; degrees, north and east positive. */
export type Location = {
  readonly country: string;
  readonly region?: string;
  readonly city?: string;
  readonly postalCode?: string;
  readonly timeZone?: string;
  readonly latitude?: number;
  readonly longitude?: number;
};

/** Whom a device serves. Name, e-mail and phone are personal data. */
export type Customer = {
  readonly customerId: string;
  readonly name: string;
  readonly email?: string;
  readonly phone?: string;
  /** Set by Concord alone, when the customer was forgotten. The name is empty then. */
  readonly isForgotten?: true;
};

/** Who installs and services devices. */
export type Dealer = {
  readonly dealerId: string;
  readonly name: string;
  readonly phone?: string;
  readonly email?: string;
  readonly website?: string;
};

/** What people call a device, and what it can do. */
export type Profile = {
  readonly name: string;
  readonly model?: string;
  readonly firmware?: string;
  readonly features?: readonly string[];
  readonly location?: Location;
};

/** What a thermostat is set to do. */
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

/** The settings that people want a device to have, replaced as a whole. The device chooses those that are absent. Degrees Celsius. */
export type DesiredState = {
  readonly mode?: Mode;
  readonly heatSetpointC?: number;
  readonly coolSetpointC?: number;
};

/** From the least urgent. */
export const SEVERITIES = ["info", "warning", "critical"] as const;
/**
 * On whose behalf a command was given: an operator, a service of ours, or a dealer's staff. `subject` is the `sub` of the
 * token, which may be personal data.
 */
export type Actor = {
  readonly role: "ops" | "service" | "dealer";
  readonly subject?: string;
  /** The dealer whose token it was. */
  readonly dealerId?: string;
};

/** What a command's event says beside its change. Sources that publish such an event themselves need not say. */
export type By = { readonly by?: Actor };

/** How urgent an alert is. */
export type Severity = (typeof SEVERITIES)[number];

export type AlertDetails = {
  readonly code: string;
  readonly severity: Severity;
  readonly text: string;
  /** Absent: the alert was raised when its event occurred. */
  readonly raisedAt?: Moment;
};

/** Whether the cause of the alert is present. */
export type AlertProgress = { readonly kind: "raised" } | { readonly kind: "cleared"; readonly resolution?: string };

/** Whether people have acknowledged the alert. They may take it back. */
export type AlertAcknowledgement =
  | ({ readonly kind: "acknowledged"; readonly acknowledgement: string } & By)
  | { readonly kind: "unacknowledged" };

export type AlertChange = {
  readonly alertId: string;
  readonly details?: AlertDetails;
  readonly progress?: AlertProgress;
  readonly acknowledgement?: AlertAcknowledgement;
};
