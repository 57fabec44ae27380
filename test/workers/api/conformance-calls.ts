import * as fc from "fast-check";
import type { Scope } from "#auth/scope.ts";
import { type ConcordEvent, type DeviceKey, deviceKeyOf, SOURCES } from "#domain/event.ts";
import { DAY_MS, toMoment } from "#domain/time.ts";
import { toVersion, versionEventId, versionMoment } from "#domain/version.ts";
import type { Answer, Call } from "#services/call.ts";
import type { ConcordBindings } from "#services/connect.ts";
import * as arbitraries from "../../support/arbitraries.ts";

/*
 * Worlds and calls over small domains, so that most calls meet something: handovers, alerts of former dealers, equal
 * names, ids in several sources, missing values, and times of equal milliseconds.
 */

const { START_MS } = arbitraries;

/** The last three are on later days. */
const DAYS = [0, 0, 0, 1, 2] as const;

const deviceId = fc.constantFrom("1", "2", "10");
const source = fc.constantFrom(...SOURCES);
const deviceKey: fc.Arbitrary<DeviceKey> = fc.tuple(source, deviceId).map(([its, id]) => deviceKeyOf(its, id));

/** What scopes depend on comes more often than the rest: who has a device, and when an alert was raised. */
const handover = fc.record({ dealerId: arbitraries.dealerId, name: fc.constant("x") }).map((dealer) => ({ dealer }));
const raise = fc
  .record({ alertId: fc.constantFrom("A", "B"), severity: fc.constantFrom("info" as const, "critical" as const) })
  .map(({ alertId, severity }) => ({
    alert: { alertId, details: { code: "x", severity, text: "y" }, progress: { kind: "raised" as const } },
  }));
const anyEvent: fc.Arbitrary<ConcordEvent> = fc.oneof(
  { weight: 4, arbitrary: arbitraries.event },
  {
    weight: 3,
    arbitrary: fc.tuple(arbitraries.event, fc.oneof(handover, raise)).map(([each, change]) => ({ ...each, change })),
  },
);

/** An event of one of nine devices, on one of three days. */
const event: fc.Arbitrary<ConcordEvent> = fc
  .tuple(anyEvent, deviceKey, fc.constantFrom(...DAYS))
  .map(([drawn, key, days]) => {
    const moment = versionMoment(drawn.version);
    const later = `${toMoment(Date.parse(moment.slice(0, 24)) + days * DAY_MS)}${moment.slice(24)}` as typeof moment;
    return {
      ...drawn,
      deviceKey: key,
      occurredAtMs: drawn.occurredAtMs + days * DAY_MS,
      version: toVersion(later, versionEventId(drawn.version)),
    };
  });

/** One event in eight has the device and the version of the one before: a handover, say, and an alert at the same moment. */
export const world: fc.Arbitrary<ConcordEvent[]> = fc
  .array(fc.tuple(event, fc.nat(7)), { minLength: 20, maxLength: 90, size: "max" })
  .map((drawn) =>
    drawn.map(([each, echo], i): ConcordEvent => {
      const before = drawn[i - 1]?.[0];
      if (echo > 0 || !before) return each;
      const { deviceKey: key, eventId, occurredAtMs, version } = before;
      return { ...each, deviceKey: key, eventId, occurredAtMs, version };
    }),
  );

export const scope: fc.Arbitrary<Scope> = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom<Scope>({ role: "ops" }, { role: "service" }) },
  {
    weight: 3,
    arbitrary: fc.constantFrom<Scope>(
      { role: "dealer", dealerIds: ["D"] },
      { role: "dealer", dealerIds: ["E"] },
      { role: "dealer", dealerIds: ["D", "D!"] },
      { role: "dealer", dealerIds: ["none"] },
      { role: "dealer", dealerIds: [] },
    ),
  },
);

/** A cursor is drawn before there is one: it is one of those that the calls before it got. */
type DrawnCursor = { readonly pick: number } | { readonly text: string };
type DrawnPage = {
  readonly first?: number;
  readonly last?: number;
  readonly after?: DrawnCursor;
  readonly before?: DrawnCursor;
};

const size = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 4 }) },
  { weight: 2, arbitrary: fc.constant(100) },
  { weight: 1, arbitrary: fc.constantFrom(-1, 1.5, 101) },
);
const cursor: fc.Arbitrary<DrawnCursor> = fc.oneof(
  { weight: 9, arbitrary: fc.nat(1_000).map((pick) => ({ pick })) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom("", "x", btoa('["KEY","elt:1"]'), btoa('["ALERTS",null,"elt:1","A"]'))
      .map((text) => ({ text })),
  },
);
const page: fc.Arbitrary<DrawnPage> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ first: size }, { requiredKeys: [] }) },
  { weight: 2, arbitrary: fc.record({ last: size }) },
  { weight: 4, arbitrary: fc.record({ first: size, after: cursor }) },
  { weight: 2, arbitrary: fc.record({ last: size, before: cursor }) },
  { weight: 1, arbitrary: fc.record({ first: size, last: size, after: cursor, before: cursor }, { requiredKeys: [] }) },
);

const time = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(arbitraries.occurredAtMs, fc.constantFrom(...DAYS))
      .map(([ms, days]) => toMoment(ms + days * DAY_MS) as string),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom("2026-03-02T09:15:00Z", "2026-03-02T09:15:00.0000007Z", "2026-11-23T14:00:00.001+01:00"),
  },
  { weight: 1, arbitrary: fc.constantFrom("yesterday", "") },
);
const bounds = (at: fc.Arbitrary<string>) =>
  fc.record({ from: fc.option(at), to: fc.option(at) }, { requiredKeys: [] });
const range = bounds(time);
/** Devices of these worlds were registered at two moments, which differ beyond milliseconds. */
const registrations = bounds(
  fc.constantFrom("2026-03-02T09:15:00Z", "2026-03-02T09:15:00.0000000000000007Z", "2026-03-02T10:15:00.0007+01:00"),
);
const INTRICATE = ["registered", "updatedSince", "raised", "occurred", "hasOpenAlerts", "openAlertSeverity"];
/** Most filters have one or two conditions; some have more to get wrong than others. */
const some = <T>(conditions: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<Partial<T>> => {
  const names = Object.keys(conditions) as (keyof T & string)[];
  const intricate = names.filter((name) => INTRICATE.includes(name));
  return fc
    .uniqueArray(fc.constantFrom(...names, ...intricate, ...intricate), { maxLength: Math.min(2, names.length) })
    .chain((chosen) => fc.record(Object.fromEntries(chosen.map((name) => [name, conditions[name]])))) as fc.Arbitrary<
    Partial<T>
  >;
};

const word = fc.constantFrom("x", "y");
const severity = fc.constantFrom("info", "warning", "critical");
const severities = fc.array(severity, { maxLength: 2 });
const status = fc.constantFrom("UNREGISTERED", "REGISTERED", "ONLINE", "OFFLINE", "RETIRED");
const sources = fc.array(source, { maxLength: 3 });
const deviceFilter = some({
  status,
  statuses: fc.array(status, { maxLength: 5 }),
  source,
  sources,
  unassigned: fc.boolean(),
  dealerId: arbitraries.dealerId,
  customerId: fc.constantFrom("C", "K"),
  keyPrefix: fc.constantFrom("elt:", "elt:1", "ecobee:2", "e", ""),
  search: fc.constantFrom("xx", "x", "X y", "y-x", "x x", "é", "xé", 'x" OR "y', "name:xx", "*x*", "x y z", " ", "xx*"),
  serialPrefix: fc.constantFrom("x", "", "z"),
  hasOpenAlerts: fc.boolean(),
  openAlertSeverity: severity,
  registered: registrations,
  updatedSince: time,
});
const order = fc.record(
  {
    field: fc.constantFrom("KEY", "SERIAL_NUMBER", "REGISTERED", "UPDATED_DAY", "UPDATED"),
    direction: fc.constantFrom("ASC", "DESC"),
  },
  { requiredKeys: [] },
);
const listing = fc.record({ filter: deviceFilter, order }, { requiredKeys: [] });
const state = fc.constantFrom("OPEN", "ACKNOWLEDGED", "CLEARED");
const alertFilter = some({
  state,
  states: fc.array(state, { maxLength: 3 }),
  severity,
  severities,
  minSeverity: severity,
  sources,
  dealerId: arbitraries.dealerId,
  deviceKey,
  raised: range,
});
const historyFilter = some({ occurred: range, topic: fc.constantFrom("device.elt.t.one", "device.elt.t.two") });
const partyFilter = some({ namePrefix: fc.oneof(word, fc.constantFrom("", "xx")) });
const keys = fc.array(deviceKey, { maxLength: 4 });
const alertKey = fc.record({ deviceKey, alertId: fc.constantFrom("A", "B", "none") });
const dealerIds = fc.array(arbitraries.dealerId, { maxLength: 3 });
const customerIds = fc.array(fc.constantFrom("C", "K", "none"), { maxLength: 3 });
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const wish = fc.record({
  key: deviceKey,
  desired: fc.oneof(
    { weight: 5, arbitrary: arbitraries.desired },
    { weight: 1, arbitrary: fc.constantFrom({ heatSetpointC: 99 }, { heatSetpointC: 21, coolSetpointC: 20 }) },
  ),
  /** The version that the device has, or another one. */
  expected: fc.constantFrom("current", "current", "absent", "none", "wrong"),
});

type Method = `${keyof ConcordBindings}.${string}`;
export type DrawnCall = { readonly method: Method; readonly args: readonly unknown[] };

const call = (method: Method, ...args: fc.Arbitrary<unknown>[]): fc.Arbitrary<DrawnCall> =>
  fc.tuple(...args).map((drawn) => ({ method, args: drawn }));

export const READS = {
  "DEVICES.find": call("DEVICES.find", keys),
  "DEVICES.list": call("DEVICES.list", page, listing),
  "DEVICES.statistics": call("DEVICES.statistics", optional(arbitraries.dealerId)),
  "DEVICES.count": call("DEVICES.count", optional(deviceFilter)),
  "DEVICES.assignments": call("DEVICES.assignments", keys, page),
  "DEVICES.history": call("DEVICES.history", deviceKey, page, optional(historyFilter)),
  "ALERTS.find": call("ALERTS.find", fc.array(alertKey, { maxLength: 4 })),
  "ALERTS.list": call("ALERTS.list", page, optional(alertFilter)),
  "ALERTS.count": call("ALERTS.count", optional(alertFilter)),
  "DEALERS.find": call("DEALERS.find", dealerIds, optional(source)),
  "DEALERS.list": call("DEALERS.list", page, optional(partyFilter)),
  "DEALERS.count": call("DEALERS.count", optional(partyFilter)),
  "DEALERS.statistics": call("DEALERS.statistics", dealerIds),
  "CUSTOMERS.find": call("CUSTOMERS.find", customerIds, optional(source)),
  "CUSTOMERS.list": call("CUSTOMERS.list", page, optional(partyFilter)),
  "CUSTOMERS.count": call("CUSTOMERS.count", optional(partyFilter)),
} as const;

export const COMMANDS = {
  "DEVICES.setDesired": call("DEVICES.setDesired", wish),
  "ALERTS.acknowledge": call("ALERTS.acknowledge", alertKey),
  "ALERTS.acknowledgeAll": call("ALERTS.acknowledgeAll", fc.array(alertKey, { maxLength: 5 })),
} as const;

/** Lists have the most that could differ. */
const weightOf = (method: string): number => (method.endsWith(".list") ? 4 : method === "DEVICES.setDesired" ? 2 : 1);

export const consistency = fc.constantFrom(undefined, undefined, undefined, "strong", "token", "nonsense");

/** Whom a caller acts for. */
const subject = fc.constantFrom(undefined, null, "alice", "bob");

export const calls = fc.array(
  fc.tuple(
    fc.record({ scope, consistency, subject }),
    fc.oneof(
      ...Object.entries({ ...READS, ...COMMANDS }).map(([method, arbitrary]) => ({
        weight: weightOf(method),
        arbitrary,
      })),
    ),
  ),
  { minLength: 20, maxLength: 60, size: "max" },
);

type Bindings = { readonly [Name in keyof ConcordBindings]: ConcordBindings[Name] };
type AnyMethod = (call: Call, ...args: unknown[]) => Promise<Answer<unknown>>;

/** What a call answers: its value, or its error; and whether it has a token. */
export type Said = { readonly value: unknown; hasToken: boolean } | { readonly error: string };

export async function ask(
  bindings: Bindings,
  method: Method,
  [by, ...args]: [Call, ...unknown[]],
): Promise<Said & { token?: string | null }> {
  const [service, name] = method.split(".") as [keyof Bindings, string];
  try {
    const binding = bindings[service] as unknown as Record<string, AnyMethod>;
    const { value, consistencyToken } = await (binding[name] as AnyMethod).call(binding, by, ...args);
    return { value: plain(value), hasToken: consistencyToken !== null, token: consistencyToken };
  } catch (thrown) {
    const { name: kind, message } = thrown as Error;
    return { error: `${kind}: ${message}` };
  }
}

/** A map as its entries, in order. */
const plain = (value: unknown): unknown => (value instanceof Map ? [...value] : value);

/** The cursors of an answer's pages, each with the page before it. */
export function cursorsIn(value: unknown): string[] {
  if (value === null || typeof value !== "object") return [];
  if ("cursor" in value && typeof value.cursor === "string") return [value.cursor];
  return Object.values(value).flatMap(cursorsIn);
}

export { START_MS };
