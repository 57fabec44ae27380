import * as fc from "fast-check";
import type {
  Actor,
  AlertAcknowledgement,
  AlertChange,
  By,
  Change,
  Customer,
  Dealer,
  DesiredState,
  Location,
} from "#domain/change.ts";
import { type ConcordEvent, type DeviceKey, deviceKeyOf } from "#domain/event.ts";
import { EMPTY_FLEET, type Fleet, joinFleets, merge, toDelta } from "#domain/fleet.ts";
import type { History, HistoryEntry } from "#domain/history.ts";
import type { Register } from "#domain/register.ts";
import type { Moment } from "#domain/time.ts";
import { toVersion, type Version } from "#domain/version.ts";

/*
 * Events over very small domains, so that ties, repeats and overlaps are the rule. Event ids repeat with different
 * content (a producer's mistake the algebra must survive), and some lie where UTF-16 and UTF-8 disagree on order.
 */

/** U+1F600 is two surrogates, which sort before U+FB01 and U+FFFD in UTF-16, and after them in UTF-8. */
export const EVENT_IDS = ["a", "b", "a/b", "Ω", "\u{1F600}", "\uFB01", "\uFFFD"] as const;

export const START_MS = Date.UTC(2026, 10, 23, 13);

export const eventId = fc.constantFrom(...EVENT_IDS);
export const occurredAtMs = fc.integer({ min: 0, max: 3 }).map((step) => START_MS + step);
/** Digits of a source's clock beyond milliseconds: mostly none, else microseconds or finer. */
export const finer = fc.constantFrom("", "", "001", "5", "999999");
export const moment: fc.Arbitrary<Moment> = fc
  .tuple(occurredAtMs, finer)
  .map(([ms, digits]) => `${new Date(ms).toISOString()}${digits}` as Moment);
export const version: fc.Arbitrary<Version> = fc.tuple(moment, eventId).map(([at, id]) => toVersion(at, id));
export const deviceKey: fc.Arbitrary<DeviceKey> = fc.constantFrom(deviceKeyOf("elt", "1"), deviceKeyOf("elt", "2"));

/** `D` and `D!` sort one way as text and the other way as JSON. */
export const dealerId = fc.constantFrom("D", "D!", "E");

/** Text of any code points; surrogates come in pairs only. */
export const anyText = fc.string({ unit: "binary", maxLength: 6 });

const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 });
/** As contracts return it: an absent member is missing, not `undefined`. */
const compact = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
const record = <T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  (fc.record(model) as unknown as fc.Arbitrary<T>).map(compact);

const word = fc.constantFrom("x", "y");
const place: fc.Arbitrary<Location> = record<Location>({ country: word, latitude: optional(fc.constantFrom(0, 1.5)) });
const dealer: fc.Arbitrary<Dealer> = record<Dealer>({ dealerId, name: word });
const customer: fc.Arbitrary<Customer> = record<Customer>({
  customerId: fc.constantFrom("C", "K"),
  name: word,
  email: optional(word),
});

const by: fc.Arbitrary<Actor> = record<Actor>({
  role: fc.constantFrom("ops", "service", "dealer"),
  subject: optional(word),
  dealerId: optional(dealerId),
});

export const desired: fc.Arbitrary<DesiredState> = record<DesiredState>({
  mode: optional(fc.constantFrom("heat" as const, "off" as const)),
  heatSetpointC: optional(fc.constantFrom(20, 21)),
});

const desiredBy: fc.Arbitrary<DesiredState & By> = fc
  .tuple(desired, optional(by))
  .map(([state, actor]) => ({ ...state, ...(actor && { by: actor }) }));

const alert: fc.Arbitrary<AlertChange> = record<AlertChange>({
  alertId: fc.constantFrom("A", "B"),
  details: optional(
    record({ code: word, severity: fc.constantFrom("info" as const, "critical" as const), text: word }),
  ),
  progress: optional(
    fc.oneof(
      fc.constant({ kind: "raised" as const }),
      record<{ kind: "cleared"; resolution?: string }>({
        kind: fc.constant("cleared" as const),
        resolution: optional(word),
      }),
    ),
  ),
  acknowledgement: optional(
    fc.oneof(
      fc.constant({ kind: "unacknowledged" as const }),
      record<Extract<AlertAcknowledgement, { kind: "acknowledged" }>>({
        kind: fc.constant("acknowledged" as const),
        acknowledgement: word,
        by: optional(by),
      }),
    ),
  ),
}).filter(({ details, progress, acknowledgement }) => Boolean(details ?? progress ?? acknowledgement));

/** One change of each kind that a contract can make. */
export const change: fc.Arbitrary<Change> = fc.oneof(
  record<Change>({
    registration: fc.record({
      kind: fc.constant("registered" as const),
      model: word,
      serialNumber: word,
      registeredAt: fc.constantFrom("2026-03-02T09:15:00.000Z" as Moment, "2026-03-02T09:15:00.000Z7" as Moment),
    }),
    customer: optional(customer),
  }),
  fc.constant<Change>({ registration: { kind: "removed" } }),
  dealer.map((value): Change => ({ dealer: value })),
  fc.constant<Change>({ dealer: null }),
  customer.map((value): Change => ({ customer: value })),
  record({ name: word, features: optional(fc.array(word, { maxLength: 2 })), location: optional(place) }).map(
    (profile): Change => ({ profile }),
  ),
  record({ online: fc.boolean(), humidityPct: optional(fc.constantFrom(40, 41)) }).map(
    (status): Change => ({ status }),
  ),
  desiredBy.map((value): Change => ({ desired: value })),
  alert.map((value): Change => ({ alert: value })),
);

export const event: fc.Arbitrary<ConcordEvent> = fc
  .record({ deviceKey, moment, eventId, change, topic: fc.constantFrom("device.elt.t.one", "device.elt.t.two") })
  .map(({ moment: at, ...drawn }) =>
    eventOf({ ...drawn, occurredAtMs: Date.parse(at.slice(0, 24)), version: toVersion(at, drawn.eventId) }),
  );

/** Builds an event. A test passes only what it is about. */
export function eventOf(about: Partial<ConcordEvent> & { change: Change }): ConcordEvent {
  const { occurredAtMs: ms = START_MS, eventId: id = "evt-1" } = about;
  return {
    topic: "device.elt.test.made",
    deviceKey: deviceKeyOf("elt", "1"),
    eventId: id,
    occurredAtMs: ms,
    version: toVersion(ms, id),
    data: about.change,
    ...about,
  };
}

export const stream = fc.array(event, { maxLength: 16 });

/** Fleets as they arise: by joining events. */
export const fleet: fc.Arbitrary<Fleet> = stream.map((events) => merge(EMPTY_FLEET, events).fleet);

/** The stream in another order, with some of its events more than once. */
export const reshuffled = <T>(items: readonly T[]): fc.Arbitrary<T[]> =>
  fc
    .tuple(fc.shuffledSubarray([...items], { minLength: items.length }), fc.subarray([...items]))
    .chain(([all, again]) => fc.shuffledSubarray([...all, ...again], { minLength: all.length + again.length }));

/** The join of all events, computed in halves rather than one by one. */
export function joinAll(events: readonly ConcordEvent[]): Fleet {
  if (events.length === 0) return EMPTY_FLEET;
  if (events.length === 1) return toDelta(events[0] as ConcordEvent);
  const half = events.length >> 1;
  return joinFleets(joinAll(events.slice(0, half)), joinAll(events.slice(half)));
}

export const register: fc.Arbitrary<Register<unknown>> = fc.record({
  version,
  value: fc.oneof(fc.constantFrom(null, "D", "D!", 1), fc.record({ dealerId: fc.option(dealerId) })),
});

const historyEntry: fc.Arbitrary<HistoryEntry> = fc.record({
  version,
  topic: fc.constantFrom("t.one", "t.two"),
  data: word,
});
export const historyEntries: fc.Arbitrary<History> = fc.array(historyEntry, { maxLength: 8 });

/** Text that is equal for equal states, whatever the order of their maps and members. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner) => {
    if (inner instanceof Map) return { map: [...inner].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)) };
    if (inner === null || typeof inner !== "object" || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  });
}
