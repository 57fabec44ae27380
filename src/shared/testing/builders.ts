import { SOURCE_SPECS } from "#contracts/all-sources.ts";
import type { Contract } from "#contracts/define.ts";
import { CONTRACTS } from "#contracts/index.ts";
import { type BuiltRecord, buildRecord, type EventData, type EventInput, type Topic } from "#contracts/produce.ts";
import type { Customer, Dealer, DesiredState, Profile, Severity, StatusReport } from "#domain/change.ts";
import { type DeviceKey, deviceIdOf, type Source, sourceOf } from "#domain/event.ts";
import { DAY_MS, MINUTE_MS, parseTime, toMilliseconds, toMoment } from "#domain/time.ts";

/** When a device's first event occurs, in milliseconds since 1970 UTC. A fixed time, so that no test depends on the clock. */
export const START_MS = Date.UTC(2026, 10, 23, 13);

/** When an event occurs that a test builds without a time: a week later, so that it is newer than all that built the device. */
export const LATER_MS = START_MS + 7 * DAY_MS;

/** What a test says about an event; the rest is as in its contract's example. */
export type EventAbout<T extends Topic = Topic> = {
  readonly deviceId?: string;
  /** A `Date`, or RFC 3339. By default `LATER_MS`. */
  readonly occurredAt?: Date | string;
  /** By default it follows from the rest. */
  readonly eventId?: string;
  /** Members that replace the example's. */
  readonly data?: Partial<EventData[T]>;
};

/**
 * The record of an event that its contract accepts: `anEvent("device.elt.status.reported", { data: { online: false } })`.
 * The same arguments build the same event.
 * @throws InvalidEvent where the contract does not accept what the test says
 */
export function anEvent<T extends Topic>(topic: T, about: EventAbout<T> = {}): BuiltRecord<T> {
  const contract = CONTRACTS.find((each) => each.topic === topic);
  const data = { ...(contract?.example as object | undefined), ...about.data } as EventData[T];
  return build(topic, {
    deviceId: contract ? SOURCE_SPECS[contract.source].example.deviceId : "",
    occurredAt: toMoment(LATER_MS),
    ...about,
    data,
  });
}

function build<T extends Topic>(topic: T, event: EventInput<T>): BuiltRecord<T> {
  const { occurredAt } = event;
  const moment = occurredAt instanceof Date ? undefined : parseTime(occurredAt);
  // At its own time, so that no event is from the future.
  return buildRecord(topic, event, moment ? toMilliseconds(moment) : Number(occurredAt));
}

/** What an alert is like; what is absent has a default. */
export type AlertAbout = {
  readonly alertId: string;
  readonly severity?: Severity;
  readonly code?: string;
  readonly text?: string;
  /** How far it has come. By default it is open. */
  readonly state?: "OPEN" | "ACKNOWLEDGED" | "CLEARED";
};

/** What a test says about a device. What is absent has not happened. */
export type DeviceAbout = {
  /** By default `elt:1`. */
  readonly key?: DeviceKey;
  /** `false`: only the other events name the device. By default it is registered, as a device of its source's example. */
  readonly registered?:
    | boolean
    | { readonly serialNumber?: string; readonly model?: string; readonly firmware?: string };
  /** The dealer, or its id; several for handovers, of which `null` is a time without a dealer. The last one has the device. */
  readonly dealer?: string | Dealer | readonly (string | Dealer | null)[];
  readonly customer?: string | Customer;
  readonly profile?: Profile;
  /** The last report, or whether it says that the device is online. */
  readonly status?: boolean | StatusReport;
  readonly desired?: DesiredState;
  readonly alerts?: readonly AlertAbout[];
  /** When its first event occurs, in milliseconds since 1970 UTC; each further one is a minute later. By default `START_MS`. */
  readonly sinceMs?: number;
};

/**
 * The records of a device's life, oldest first, as its source would have sent them.
 *
 * ```ts
 * new FakeConcord({ records: aDevice({ key: "ecobee:t-1", dealer: "D-1", alerts: [{ alertId: "A-1" }] }) })
 * ```
 * @throws Error where the source has no topic for it, or another form of it: add that event with `anEvent`
 */
export function aDevice(about: DeviceAbout = {}): BuiltRecord[] {
  const { key = "elt:1", registered = true, dealer = [], customer, profile, status, desired, alerts = [] } = about;
  const source = sourceOf(key);
  const said: Said[] = [
    ...(registered === false
      ? []
      : [{ ...REGISTRATION, data: { ...NOTHING_ELSE, ...(registered === true ? {} : registered) } }]),
    ...[dealer].flat().map((each) => (each === null ? UNASSIGNED : { ...DEALER, data: { dealer: dealerFrom(each) } })),
    ...(customer === undefined ? [] : [{ ...CUSTOMER, data: { customer: customerFrom(customer) } }]),
    ...(profile ? [{ ...PROFILE, data: profile }] : []),
    ...(status === undefined ? [] : [{ ...STATUS, data: typeof status === "boolean" ? { online: status } : status }]),
    ...(desired ? [{ ...DESIRED, data: desired }] : []),
    ...alerts.flatMap((alert) => alertEvents(source, alert)),
  ];
  const sinceMs = about.sinceMs ?? START_MS;
  return said.map(({ entity, actions, data, isWhole = true }, i) => {
    const contract = contractOf(source, entity, actions);
    const occurredAt = toMoment(sinceMs + i * MINUTE_MS);
    const example = isWhole ? {} : (contract.example as object);
    return build(contract.topic as Topic, {
      deviceId: deviceIdOf(key),
      occurredAt,
      data: { ...example, ...data } as EventData[Topic],
    });
  });
}

type Said = {
  readonly entity: string;
  /** What sources call it. */
  readonly actions: readonly string[];
  readonly data: object;
  /** Whether the data replaces the contract's example, and not only some of its members. */
  readonly isWhole?: boolean;
};

const REGISTRATION = { entity: "registration", actions: ["created"], isWhole: false };
/** Members of the example that say more than the registration. */
const NOTHING_ELSE = { customer: undefined };
const DEALER = { entity: "dealer", actions: ["assigned", "setup"] };
const UNASSIGNED = { entity: "dealer", actions: ["unassigned"], data: {} };
const CUSTOMER = { entity: "customer", actions: ["assigned"] };
const PROFILE = { entity: "profile", actions: ["updated"] };
const STATUS = { entity: "status", actions: ["reported"] };
const DESIRED = { entity: "twin", actions: ["desired"] };

const findTopic = (source: Source, { entity, actions }: Pick<Said, "entity" | "actions">): Contract | undefined =>
  CONTRACTS.find(
    (contract) => contract.source === source && contract.entity === entity && actions.includes(contract.action),
  );

/** What a test can say about a device of a source, by the topics that the source has. */
export const canSay = (
  source: Source,
): Readonly<Record<"registered" | "dealer" | "customer" | "status" | "alerts", boolean>> => {
  const has = (...said: Pick<Said, "entity" | "actions">[]) =>
    said.every((each) => findTopic(source, each) !== undefined);
  return {
    registered: has(REGISTRATION),
    dealer: has(DEALER, UNASSIGNED),
    customer: has(CUSTOMER),
    status: has(STATUS),
    alerts: has(...["raised", "acknowledged", "cleared"].map((action) => ({ entity: "alert", actions: [action] }))),
  };
};

function contractOf(source: Source, entity: string, actions: readonly string[]): Contract {
  const found = findTopic(source, { entity, actions });
  if (!found)
    throw new Error(`${source} has no topic for ${entity}.${actions.join(" or ")}: leave it out of this device.`);
  return found;
}

const dealerFrom = (dealer: string | Dealer): Dealer =>
  typeof dealer === "string" ? { dealerId: dealer, name: `Dealer ${dealer}` } : dealer;

const customerFrom = (customer: string | Customer): Customer =>
  typeof customer === "string" ? { customerId: customer, name: `Customer ${customer}` } : customer;

function alertEvents(source: Source, { state = "OPEN", ...alert }: AlertAbout): Said[] {
  const { raised, acknowledged, cleared } = ALERT_FORMS[source] ?? SHARED_FORM;
  const about = { code: "E-1", severity: "warning" as const, text: "Something is wrong.", ...alert };
  return [
    { entity: "alert", actions: ["raised"], data: raised(about), isWhole: false },
    ...(state === "ACKNOWLEDGED" ? [{ entity: "alert", actions: ["acknowledged"], data: acknowledged(about) }] : []),
    ...(state === "CLEARED" ? [{ entity: "alert", actions: ["cleared"], data: cleared(about) }] : []),
  ];
}

type AlertForm = Record<"raised" | "acknowledged" | "cleared", (alert: Required<Omit<AlertAbout, "state">>) => object>;

/** The form that most sources share. Its time is that of its event. */
const SHARED_FORM: AlertForm = {
  raised: (alert) => ({ ...alert, raisedAt: undefined }),
  acknowledged: ({ alertId }) => ({ alertId }),
  cleared: ({ alertId }) => ({ alertId }),
};

const ECOBEE_SEVERITY = { info: "low", warning: "medium", critical: "high" } as const;

/** Sources with a form of their own. */
const ALERT_FORMS: Partial<Record<Source, AlertForm>> = {
  ecobee: {
    raised: ({ alertId, severity, text, code }) => ({
      acknowledgeRef: alertId,
      severity: ECOBEE_SEVERITY[severity],
      text,
      ...(/^\d+$/.test(code) && { alertNumber: Number(code) }),
    }),
    acknowledged: ({ alertId }) => ({ acknowledgeRef: alertId, acknowledgement: "accept" }),
    cleared: ({ alertId }) => ({ acknowledgeRef: alertId }),
  },
};
