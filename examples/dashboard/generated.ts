// Written by `npm run generate` from schema.graphql and the documents beside this file; not to be edited.
import type { TrustedDocument } from "concord-sdk/graphql";

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends " $fragmentName" | "__typename" ? T[P] : never };
/** Conditions on alerts; all of them have to hold. */
export type AlertFilter = {
  /** The dealer that has the device now. */
  readonly dealerId?: string | null | undefined;
  /** `{source}:{deviceId}`; case matters. */
  readonly deviceKey?: string | null | undefined;
  /** This severity or a worse one. An alert of unknown severity does not match. */
  readonly minSeverity?: AlertSeverity | null | undefined;
  /** When it was raised. Alerts whose raising time is unknown do not match. */
  readonly raised?: TimeRange | null | undefined;
  /** One of these; an empty list matches nothing. */
  readonly severities?: ReadonlyArray<AlertSeverity> | null | undefined;
  /** How severe it is. Alerts of unknown severity do not match. */
  readonly severity?: AlertSeverity | null | undefined;
  /** One of these upstream systems publishes the device's events; an empty list matches nothing. */
  readonly sources?: ReadonlyArray<Source> | null | undefined;
  /** Whether it is open, acknowledged or cleared. */
  readonly state?: AlertState | null | undefined;
  /** One of these; an empty list matches nothing. */
  readonly states?: ReadonlyArray<AlertState> | null | undefined;
};

/** How severe an alert is, on Concord's own scale. Contracts map each source's scale to it. */
export type AlertSeverity =
  /** Needs action. */
  | "CRITICAL"
  /** For information. */
  | "INFO"
  /** Should be looked at. */
  | "WARNING";

/** The state of an alert. */
export type AlertState =
  /** Acknowledged, and not cleared. */
  | "ACKNOWLEDGED"
  /** Cleared: its cause is gone. */
  | "CLEARED"
  /** Raised, and neither acknowledged nor cleared. */
  | "OPEN";

/** The kind of a change of a dealer's devices. */
export type DealerNewsKind =
  /** An alert was acknowledged. */
  | "ALERT_ACKNOWLEDGED"
  /** An alert was cleared. */
  | "ALERT_CLEARED"
  /** An alert was raised. */
  | "ALERT_RAISED"
  /** An acknowledgement was withdrawn. */
  | "ALERT_UNACKNOWLEDGED"
  /** A device reported, or changed in another way. */
  | "DEVICE_CHANGED"
  /** The dealer was assigned a device. */
  | "DEVICE_GAINED"
  /** The dealer no longer has a device, and may not see it any more. */
  | "DEVICE_LOST"
  /** Changes after `after` are no longer stored. Query again what is shown. */
  | "GAP"
  /** The beginning of the stream: no change after it is missed. */
  | "STARTED";

/** The whole desired state, which replaces the one before. What is absent or null is left to the device. */
export type DesiredStateInput = {
  /** Degrees Celsius, from 5 to 35. */
  readonly coolSetpointC?: number | null | undefined;
  /** Degrees Celsius, from 5 to 35 and not above `coolSetpointC`. */
  readonly heatSetpointC?: number | null | undefined;
  /** The desired operating mode. */
  readonly mode?: Mode | null | undefined;
};

/** The kind of a device's change. */
export type DeviceChangeKind =
  /** An event changed it. */
  | "EVENT"
  /** Changes after `afterRevision` are no longer stored: this is the device as it is. Query the rest again. */
  | "GAP"
  /** The dealer no longer has the device, or no device with this key that the token may see exists. Nothing more of it follows. */
  | "LOST"
  /** The first item of a stream: the device as it is. */
  | "SNAPSHOT";

/** Conditions on devices; all of them have to hold. */
export type DeviceFilter = {
  /** The customer that the device is assigned to. */
  readonly customerId?: string | null | undefined;
  /** The dealer that has the device now. */
  readonly dealerId?: string | null | undefined;
  /** Whether it has an open alert that the token may see. */
  readonly hasOpenAlerts?: boolean | null | undefined;
  /** Only devices with an open alert of this severity that the token may see. */
  readonly openAlertSeverity?: AlertSeverity | null | undefined;
  /** When it was registered. */
  readonly registered?: TimeRange | null | undefined;
  /** Words that the name, the serial number or the customer's name has, in any order; case and accents do not matter, and the last one may be the beginning of a word. At least two letters or digits. At most 1,000 devices are found, of the dealer if one is named; the other conditions are applied to those. */
  readonly search?: string | null | undefined;
  /** The beginning of the serial number; case matters. */
  readonly serialPrefix?: string | null | undefined;
  /** The upstream system that publishes its events. */
  readonly source?: Source | null | undefined;
  /** One of these upstream systems; an empty list matches nothing. */
  readonly sources?: ReadonlyArray<Source> | null | undefined;
  /** Its state, computed from its events. */
  readonly status?: DeviceStatus | null | undefined;
  /** One of these states; an empty list matches nothing. */
  readonly statuses?: ReadonlyArray<DeviceStatus> | null | undefined;
  /** True: only devices that no dealer has now, of which a token of role dealer sees none. False: only the others. */
  readonly unassigned?: boolean | null | undefined;
  /** Only devices whose newest event occurred then or later. Cheapest at the beginning of a UTC day, and in the order UPDATED_DAY. */
  readonly updatedSince?: string | null | undefined;
};

/** How devices are sorted. A cursor is only valid for the field that it was made with. */
export type DeviceOrder = {
  /** The direction of the field and of the key. A cursor is valid in both directions. */
  readonly direction?: OrderDirection;
  /** Absent: UPDATED_DAY where the filter has `updatedSince`, or else REGISTERED where it has `registered`, or else SERIAL_NUMBER where it has `serialPrefix`, or else KEY. */
  readonly field?: DeviceOrderField | null | undefined;
};

/** The field that devices are sorted by; ties are sorted by key. In ascending order, devices without a value come first. */
export type DeviceOrderField =
  /** By source, then by `deviceId`. */
  | "KEY"
  /** When it was registered. */
  | "REGISTERED"
  /** Compared as text, not as a number. */
  | "SERIAL_NUMBER"
  /** As UPDATED_DAY. */
  | "UPDATED"
  /** The UTC day of the newest event. Within a day, devices are sorted by key, not by time. */
  | "UPDATED_DAY";

/** The state of a device, computed from its events. */
export type DeviceStatus =
  /** By its last report. */
  | "OFFLINE"
  /** By its last report. */
  | "ONLINE"
  /** Registered, and has not reported yet. */
  | "REGISTERED"
  /** Taken out of service. */
  | "RETIRED"
  /** Events named it, but its registration has not arrived. */
  | "UNREGISTERED";

/** The operating mode of a device. */
export type Mode =
  /** Heats or cools, whichever keeps it between the two setpoints. */
  | "AUTO"
  /** Heat from the auxiliary source only. */
  | "AUX_HEAT"
  /** Cools down to `coolSetpointC`. */
  | "COOL"
  /** Heats up to `heatSetpointC`. */
  | "HEAT"
  /** Neither heats nor cools. */
  | "OFF";

/** The outcome of a mutation's event. */
export type MutationOutcome =
  /** The change was applied, and every reader can see it. */
  | "APPLIED"
  /** A store is unavailable. The change is queued and will be applied; do not send it again. */
  | "PENDING"
  /** A newer event arrived before it, and stays. */
  | "SUPERSEDED"
  /** The state was already like that. */
  | "UNCHANGED";

/** The direction of a sort. */
export type OrderDirection =
  /** Lowest first. */
  | "ASC"
  /** Highest first. */
  | "DESC";

/** The upstream system that publishes a device's events. */
export type Source =
  /** Devices whose events ecobee publishes. */
  | "ECOBEE"
  /** Devices whose events ELT publishes. */
  | "ELT"
  /** Devices whose events Infinity publishes. */
  | "INFINITY";

/** An interval of time. An absent end is unbounded. */
export type TimeRange = {
  /** Inclusive. */
  readonly from?: string | null | undefined;
  /** Exclusive. */
  readonly to?: string | null | undefined;
};

/** Why a mutation changed nothing. */
export type UserErrorCode =
  /** The alert is already cleared. */
  | "ALREADY_CLEARED"
  /** The id or key is malformed, of another kind of object, missing, or there twice. */
  | "INVALID_INPUT"
  /** It does not exist, or the token may not see it. */
  | "NOT_FOUND"
  /** A value is out of range or of the wrong kind. */
  | "OUT_OF_RANGE"
  /** A store is out of reach, and this is not kept for good. Send it again. */
  | "UNAVAILABLE"
  /** The device's source does not take this command; see the device's `commands`. */
  | "UNSUPPORTED"
  /** Another caller changed it first. The payload has the current state. */
  | "VERSION_CONFLICT";

export type AcknowledgeAlertMutation_acknowledgeAlert_alert = {
  readonly id: string;
  readonly state: AlertState;
  readonly clearedAt: string | null;
};

export type AcknowledgeAlertMutation_acknowledgeAlert_userErrors = {
  readonly code: UserErrorCode;
  readonly message: string;
  readonly field: ReadonlyArray<string> | null;
};

export type AcknowledgeAlertMutation_acknowledgeAlert = {
  readonly outcome: MutationOutcome | null;
  readonly alert: AcknowledgeAlertMutation_acknowledgeAlert_alert | null;
  readonly userErrors: ReadonlyArray<AcknowledgeAlertMutation_acknowledgeAlert_userErrors>;
};

export type AcknowledgeAlertMutation = { readonly acknowledgeAlert: AcknowledgeAlertMutation_acknowledgeAlert | null };

export type AcknowledgeAlertMutationVariables = Exact<{
  id: string | number;
}>;

export type AlertListQuery_alerts_edges_node_device_customer = { readonly name: string; readonly phone: string | null };

export type AlertListQuery_alerts_edges_node_device = {
  readonly key: string;
  readonly name: string | null;
  readonly status: DeviceStatus;
  readonly customer: AlertListQuery_alerts_edges_node_device_customer | null;
};

export type AlertListQuery_alerts_edges_node = {
  readonly id: string;
  readonly alertId: string;
  readonly code: string | null;
  readonly severity: AlertSeverity | null;
  readonly state: AlertState;
  readonly text: string | null;
  readonly raisedAt: string | null;
  readonly device: AlertListQuery_alerts_edges_node_device;
};

export type AlertListQuery_alerts_edges = { readonly node: AlertListQuery_alerts_edges_node };

export type AlertListQuery_alerts_pageInfo = { readonly hasNextPage: boolean; readonly endCursor: string | null };

export type AlertListQuery_alerts = {
  readonly edges: ReadonlyArray<AlertListQuery_alerts_edges>;
  readonly pageInfo: AlertListQuery_alerts_pageInfo;
};

export type AlertListQuery = { readonly alerts: AlertListQuery_alerts | null };

export type AlertListQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  filter?: AlertFilter | null | undefined;
}>;

export type DealerOverviewQuery_dealers_edges_node_statistics = {
  readonly devices: number;
  readonly online: number;
  readonly offline: number;
  readonly openAlerts: number;
  readonly criticalAlerts: number;
};

export type DealerOverviewQuery_dealers_edges_node = {
  readonly dealerId: string;
  readonly name: string;
  readonly phone: string | null;
  readonly statistics: DealerOverviewQuery_dealers_edges_node_statistics;
};

export type DealerOverviewQuery_dealers_edges = { readonly node: DealerOverviewQuery_dealers_edges_node };

export type DealerOverviewQuery_dealers_pageInfo = { readonly hasNextPage: boolean; readonly endCursor: string | null };

export type DealerOverviewQuery_dealers = {
  readonly edges: ReadonlyArray<DealerOverviewQuery_dealers_edges>;
  readonly pageInfo: DealerOverviewQuery_dealers_pageInfo;
};

export type DealerOverviewQuery_freshness = { readonly p50Ms: number | null; readonly p99Ms: number | null };

export type DealerOverviewQuery = {
  readonly dealers: DealerOverviewQuery_dealers | null;
  readonly freshness: DealerOverviewQuery_freshness | null;
};

export type DealerOverviewQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;

export type DevicePageQuery_device_location = {
  readonly country: string;
  readonly region: string | null;
  readonly city: string | null;
  readonly postalCode: string | null;
  readonly timeZone: string | null;
};

export type DevicePageQuery_device_dealer = {
  readonly dealerId: string;
  readonly name: string;
  readonly phone: string | null;
};

export type DevicePageQuery_device_customer = {
  readonly customerId: string;
  readonly name: string;
  readonly email: string | null;
  readonly phone: string | null;
};

export type DevicePageQuery_device_report = {
  readonly online: boolean;
  readonly mode: Mode | null;
  readonly indoorTemperatureC: number | null;
  readonly heatSetpointC: number | null;
  readonly coolSetpointC: number | null;
  readonly humidityPct: number | null;
  readonly equipment: ReadonlyArray<string>;
  readonly reportedAt: string;
};

export type DevicePageQuery_device_twin_desired = {
  readonly mode: Mode | null;
  readonly heatSetpointC: number | null;
  readonly coolSetpointC: number | null;
};

export type DevicePageQuery_device_twin_delta = {
  readonly mode: Mode | null;
  readonly heatSetpointC: number | null;
  readonly coolSetpointC: number | null;
};

export type DevicePageQuery_device_twin = {
  readonly version: string | null;
  readonly desired: DevicePageQuery_device_twin_desired | null;
  readonly delta: DevicePageQuery_device_twin_delta | null;
};

export type DevicePageQuery_device = {
  readonly id: string;
  readonly key: string;
  readonly source: Source;
  readonly deviceId: string;
  readonly name: string | null;
  readonly model: string | null;
  readonly serialNumber: string | null;
  readonly firmware: string | null;
  readonly features: ReadonlyArray<string>;
  readonly status: DeviceStatus;
  readonly registeredAt: string | null;
  readonly updatedAt: string;
  readonly location: DevicePageQuery_device_location | null;
  readonly dealer: DevicePageQuery_device_dealer | null;
  readonly customer: DevicePageQuery_device_customer | null;
  readonly report: DevicePageQuery_device_report | null;
  readonly twin: DevicePageQuery_device_twin;
};

export type DevicePageQuery_lists_alerts_edges_node = {
  readonly id: string;
  readonly alertId: string;
  readonly severity: AlertSeverity | null;
  readonly state: AlertState;
  readonly text: string | null;
  readonly raisedAt: string | null;
  readonly clearedAt: string | null;
};

export type DevicePageQuery_lists_alerts_edges = { readonly node: DevicePageQuery_lists_alerts_edges_node };

export type DevicePageQuery_lists_alerts = { readonly edges: ReadonlyArray<DevicePageQuery_lists_alerts_edges> };

export type DevicePageQuery_lists_assignments_edges_node_dealer = { readonly dealerId: string; readonly name: string };

export type DevicePageQuery_lists_assignments_edges_node = {
  readonly from: string;
  readonly to: string | null;
  readonly dealer: DevicePageQuery_lists_assignments_edges_node_dealer | null;
};

export type DevicePageQuery_lists_assignments_edges = { readonly node: DevicePageQuery_lists_assignments_edges_node };

export type DevicePageQuery_lists_assignments = {
  readonly edges: ReadonlyArray<DevicePageQuery_lists_assignments_edges>;
};

export type DevicePageQuery_lists_history_edges_node = {
  readonly eventId: string;
  readonly topic: string;
  readonly occurredAt: string;
  readonly data: unknown;
};

export type DevicePageQuery_lists_history_edges = { readonly node: DevicePageQuery_lists_history_edges_node };

export type DevicePageQuery_lists_history = { readonly edges: ReadonlyArray<DevicePageQuery_lists_history_edges> };

export type DevicePageQuery_lists = {
  readonly alerts: DevicePageQuery_lists_alerts;
  readonly assignments: DevicePageQuery_lists_assignments;
  readonly history: DevicePageQuery_lists_history;
};

export type DevicePageQuery = {
  readonly device: DevicePageQuery_device | null;
  readonly lists: DevicePageQuery_lists | null;
};

export type DevicePageQueryVariables = Exact<{
  key: string;
}>;

export type DeviceListQuery_devices_edges_node_location = {
  readonly city: string | null;
  readonly region: string | null;
  readonly country: string;
};

export type DeviceListQuery_devices_edges_node_dealer = { readonly dealerId: string; readonly name: string };

export type DeviceListQuery_devices_edges_node_customer = { readonly customerId: string; readonly name: string };

export type DeviceListQuery_devices_edges_node_report = {
  readonly mode: Mode | null;
  readonly indoorTemperatureC: number | null;
  readonly reportedAt: string;
};

export type DeviceListQuery_devices_edges_node_alerts_edges_node = {
  readonly id: string;
  readonly severity: AlertSeverity | null;
  readonly text: string | null;
};

export type DeviceListQuery_devices_edges_node_alerts_edges = {
  readonly node: DeviceListQuery_devices_edges_node_alerts_edges_node;
};

export type DeviceListQuery_devices_edges_node_alerts = {
  readonly edges: ReadonlyArray<DeviceListQuery_devices_edges_node_alerts_edges>;
};

export type DeviceListQuery_devices_edges_node = {
  readonly id: string;
  readonly key: string;
  readonly name: string | null;
  readonly model: string | null;
  readonly status: DeviceStatus;
  readonly updatedAt: string;
  readonly location: DeviceListQuery_devices_edges_node_location | null;
  readonly dealer: DeviceListQuery_devices_edges_node_dealer | null;
  readonly customer: DeviceListQuery_devices_edges_node_customer | null;
  readonly report: DeviceListQuery_devices_edges_node_report | null;
  readonly alerts: DeviceListQuery_devices_edges_node_alerts;
};

export type DeviceListQuery_devices_edges = { readonly node: DeviceListQuery_devices_edges_node };

export type DeviceListQuery_devices_pageInfo = {
  readonly hasPreviousPage: boolean;
  readonly startCursor: string | null;
  readonly hasNextPage: boolean;
  readonly endCursor: string | null;
};

export type DeviceListQuery_devices = {
  readonly totalCount?: number | null;
  readonly edges: ReadonlyArray<DeviceListQuery_devices_edges>;
  readonly pageInfo: DeviceListQuery_devices_pageInfo;
};

export type DeviceListQuery = { readonly devices: DeviceListQuery_devices | null };

export type DeviceListQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
  filter?: DeviceFilter | null | undefined;
  orderBy?: DeviceOrder | null | undefined;
  withTotal?: boolean | null | undefined;
}>;

export type SetDesiredStateMutation_setDesiredState_device_twin_desired = {
  readonly mode: Mode | null;
  readonly heatSetpointC: number | null;
  readonly coolSetpointC: number | null;
};

export type SetDesiredStateMutation_setDesiredState_device_twin_delta = {
  readonly mode: Mode | null;
  readonly heatSetpointC: number | null;
  readonly coolSetpointC: number | null;
};

export type SetDesiredStateMutation_setDesiredState_device_twin = {
  readonly version: string | null;
  readonly desired: SetDesiredStateMutation_setDesiredState_device_twin_desired | null;
  readonly delta: SetDesiredStateMutation_setDesiredState_device_twin_delta | null;
};

export type SetDesiredStateMutation_setDesiredState_device = {
  readonly id: string;
  readonly twin: SetDesiredStateMutation_setDesiredState_device_twin;
};

export type SetDesiredStateMutation_setDesiredState_userErrors = {
  readonly code: UserErrorCode;
  readonly message: string;
  readonly field: ReadonlyArray<string> | null;
};

export type SetDesiredStateMutation_setDesiredState = {
  readonly outcome: MutationOutcome | null;
  readonly device: SetDesiredStateMutation_setDesiredState_device | null;
  readonly userErrors: ReadonlyArray<SetDesiredStateMutation_setDesiredState_userErrors>;
};

export type SetDesiredStateMutation = { readonly setDesiredState: SetDesiredStateMutation_setDesiredState | null };

export type SetDesiredStateMutationVariables = Exact<{
  key: string;
  desired: DesiredStateInput;
  expectedVersion?: string | null | undefined;
}>;

export type WatchDealerSubscription_dealerFeed_device = {
  readonly key: string;
  readonly name: string | null;
  readonly status: DeviceStatus;
};

export type WatchDealerSubscription_dealerFeed_alert = {
  readonly id: string;
  readonly severity: AlertSeverity | null;
  readonly state: AlertState;
  readonly text: string | null;
};

export type WatchDealerSubscription_dealerFeed = {
  readonly kind: DealerNewsKind;
  readonly cursor: string;
  readonly consistencyToken: string | null;
  readonly deviceKey: string | null;
  readonly topic: string | null;
  readonly occurredAt: string | null;
  readonly device: WatchDealerSubscription_dealerFeed_device | null;
  readonly alert: WatchDealerSubscription_dealerFeed_alert | null;
};

export type WatchDealerSubscription = { readonly dealerFeed: WatchDealerSubscription_dealerFeed };

export type WatchDealerSubscriptionVariables = Exact<{
  dealerId: string;
  kinds?: ReadonlyArray<DealerNewsKind> | null | undefined;
  minSeverity?: AlertSeverity | null | undefined;
  after?: string | null | undefined;
}>;

export type WatchDeviceSubscription_deviceChanged_event = {
  readonly eventId: string;
  readonly topic: string;
  readonly occurredAt: string;
};

export type WatchDeviceSubscription_deviceChanged_device_report = {
  readonly online: boolean;
  readonly mode: Mode | null;
  readonly indoorTemperatureC: number | null;
  readonly heatSetpointC: number | null;
  readonly coolSetpointC: number | null;
  readonly reportedAt: string;
};

export type WatchDeviceSubscription_deviceChanged_device_twin_delta = {
  readonly mode: Mode | null;
  readonly heatSetpointC: number | null;
  readonly coolSetpointC: number | null;
};

export type WatchDeviceSubscription_deviceChanged_device_twin = {
  readonly version: string | null;
  readonly delta: WatchDeviceSubscription_deviceChanged_device_twin_delta | null;
};

export type WatchDeviceSubscription_deviceChanged_device = {
  readonly key: string;
  readonly name: string | null;
  readonly status: DeviceStatus;
  readonly updatedAt: string;
  readonly report: WatchDeviceSubscription_deviceChanged_device_report | null;
  readonly twin: WatchDeviceSubscription_deviceChanged_device_twin;
};

export type WatchDeviceSubscription_deviceChanged = {
  readonly kind: DeviceChangeKind;
  readonly revision: number;
  readonly consistencyToken: string | null;
  readonly event: WatchDeviceSubscription_deviceChanged_event | null;
  readonly device: WatchDeviceSubscription_deviceChanged_device | null;
};

export type WatchDeviceSubscription = { readonly deviceChanged: WatchDeviceSubscription_deviceChanged };

export type WatchDeviceSubscriptionVariables = Exact<{
  key: string;
  afterRevision?: number | null | undefined;
}>;

export type WatchDevicesSubscription_devicesChanged_device_customer = { readonly id: string; readonly name: string };

export type WatchDevicesSubscription_devicesChanged_device = {
  readonly id: string;
  readonly key: string;
  readonly status: DeviceStatus;
  readonly customer: WatchDevicesSubscription_devicesChanged_device_customer | null;
};

export type WatchDevicesSubscription_devicesChanged = {
  readonly kind: DeviceChangeKind;
  readonly deviceKey: string;
  readonly cursor: string;
  readonly consistencyToken: string | null;
  readonly device: WatchDevicesSubscription_devicesChanged_device | null;
};

export type WatchDevicesSubscription = { readonly devicesChanged: WatchDevicesSubscription_devicesChanged };

export type WatchDevicesSubscriptionVariables = Exact<{
  keys: ReadonlyArray<string>;
  after?: string | null | undefined;
}>;

export const AcknowledgeAlert: TrustedDocument<AcknowledgeAlertMutation, AcknowledgeAlertMutationVariables> = {
  documentId: "sha256:3186514c6b54383dd48ea08ffa0874788b6b11522383c7816256726e77524c6e",
  operation: "mutation",
};
export const AlertList: TrustedDocument<AlertListQuery, AlertListQueryVariables> = {
  documentId: "sha256:8c0b63151e2dadae19e6aaccdbfc85f66ded34764ed5411d412bb009a8700546",
  operation: "query",
};
export const DealerOverview: TrustedDocument<DealerOverviewQuery, DealerOverviewQueryVariables> = {
  documentId: "sha256:357f030f488f4551f305f5e6dfed223b5528dc316c2d7496c73179b86b8ca880",
  operation: "query",
};
export const DevicePage: TrustedDocument<DevicePageQuery, DevicePageQueryVariables> = {
  documentId: "sha256:a41d610243201de07846c47b818e97c3c55778f0f8e0dbbadcc91a1063b939b8",
  operation: "query",
};
export const DeviceList: TrustedDocument<DeviceListQuery, DeviceListQueryVariables> = {
  documentId: "sha256:a4341c9ab5138286748ae108a34db9a0dbe72b96f4dcd823d2ec703e097ebf5c",
  operation: "query",
};
export const SetDesiredState: TrustedDocument<SetDesiredStateMutation, SetDesiredStateMutationVariables> = {
  documentId: "sha256:5f4168bba1631d7697a5215560dc4f70a6a079c4ab3f38cd93b5620b75dd0076",
  operation: "mutation",
};
export const WatchDealer: TrustedDocument<WatchDealerSubscription, WatchDealerSubscriptionVariables> = {
  documentId: "sha256:34de53f807fb0f57cb3a38f67f97fabd01e6459fab3383c51be1c82373df7c53",
  operation: "subscription",
};
export const WatchDevice: TrustedDocument<WatchDeviceSubscription, WatchDeviceSubscriptionVariables> = {
  documentId: "sha256:39b7e83c7474ea3da20f87b1da331e8ad19d2776bcf13c2ae92dbbe8740629a5",
  operation: "subscription",
};
export const WatchDevices: TrustedDocument<WatchDevicesSubscription, WatchDevicesSubscriptionVariables> = {
  documentId: "sha256:5d0935e374f9101eec14b3785293813de02298d2141b9cebeeb377d3b8005937",
  operation: "subscription",
};
