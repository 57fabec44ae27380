import { parseRecord } from "../../src/shared/contracts/parse.ts";
import type { ConcordEvent, DeviceKey } from "../../src/shared/domain/event.ts";
import { combineOutcomes, type MergeOutcome } from "../../src/shared/domain/outcome.ts";
import type { ObjectWrites } from "../../src/shared/live/object-writes.ts";
import type { ObjectMergeReport } from "../../src/shared/objects.ts";
import { type Delivery, type Disposition, dispositionOf } from "../../src/shared/queue/delivery.ts";
import { isParcel, type QueuedRecord, valueTextOf } from "../../src/shared/queue/parcel.ts";
import { isOutage } from "../../src/shared/repositories/fault.ts";
import type { FleetReport } from "../../src/shared/repositories/fleet.ts";
import { faultOf, functionOf, log } from "../../src/shared/telemetry/log.ts";
import { type MetricsReport, Tally } from "../../src/shared/telemetry/metrics.ts";
import { traceOf } from "../../src/shared/telemetry/trace.ts";
import { type Handled, trackMetrics } from "../../src/shared/telemetry/track-metrics.ts";
import { type Announce, Announcements } from "./announcements.ts";
import type { Arrival, Ending, EventArrival } from "./ending.ts";
import { type SendOnDeps, sendOn } from "./send-on.ts";
import { settle } from "./settle.ts";

/** Every effect of the consumer. */
export type ConsumeDeps = SendOnDeps & {
  readonly fleet: { merge(events: readonly ConcordEvent[]): Promise<FleetReport> };
  /** Whether every device's object is written, or only those that somebody watches. */
  readonly objectWrites: ObjectWrites;
  /** @param consistencyToken reads from there on see what the events did */
  readonly mergeIntoObject: (
    key: DeviceKey,
    events: readonly ConcordEvent[],
    consistencyToken: string | null,
  ) => Promise<ObjectMergeReport>;
  readonly announce: Announce;
};

export type Consumed = {
  readonly dispositions: readonly Disposition[];
  /** How each record left the batch, in no order. */
  readonly endings: readonly Ending[];
  readonly report: MetricsReport;
};

/**
 * Most devices that one round of D1 and object writes may touch: bounds the fan-out to objects, of which there are few
 * where only watched devices have theirs written. Ours.
 */
export const MAX_DEVICES_A_ROUND: Readonly<Record<ObjectWrites, number>> = { always: 100, live: 500 };

/** How often a record may fail by itself before it becomes a letter. Outages do not count. Ours. */
export const MAX_ATTEMPTS = 5;

/**
 * Brings a batch of queue messages to its end: every record is merged, goes back to the queue, or becomes a letter.
 * A message is acknowledged only when all its records are safe in one of these places; records that failed travel on
 * in new parcels, so that no neighbour waits for them.
 */
export const consume = (deps: ConsumeDeps, deliveries: readonly Delivery[]): Promise<Consumed> =>
  trackMetrics(deps.now, () => handle(deps, deliveries));

async function handle(deps: ConsumeDeps, deliveries: readonly Delivery[]) {
  const arrivals = deliveries.flatMap((delivery, message) => arrivalsOf(delivery, message, deps.now()));
  const cost: Cost = { d1RowsRead: 0, d1RowsWritten: 0, objectCalls: 0, objectWrites: 0 };
  const announcements = new Announcements();
  const merged: Ending[] = [];
  const events = arrivals.filter((arrival) => arrival.kind === "event");
  for (const round of roundsOf(events, MAX_DEVICES_A_ROUND[deps.objectWrites])) {
    merged.push(
      ...(await mergeRound(deps, round, {
        cost,
        announcements,
      })),
    );
  }
  cost.objectCalls += announcements.size;
  const untold = await announcements.sendAll(deps.announce);
  const endings = [
    ...arrivals.filter((arrival) => arrival.kind === "rejected").map(rejectionEnding),
    ...merged.map((ending) => afterTelling(ending, untold)),
  ];
  const strays = deliveries.flatMap(({ body }, message) => (isParcel(body) ? [] : [{ message, body }]));
  const { held } = await sendOn(deps, endings, strays);
  logTraces(endings);
  return {
    dispositions: deliveries.map((delivery, message) => dispositionOf(!held.has(message), delivery, deps.random)),
    endings,
    handled: endings.filter(({ arrival }) => !held.has(arrival.message)).map(handledOf),
    cost,
  };
}

function arrivalsOf({ body, attempts: deliveries }: Delivery, message: number, nowMs: number): Arrival[] {
  if (!isParcel(body)) return [];
  return body.records.map((record): Arrival => {
    const parsed = parseRecord({ ...record, value: valueTextOf(record) }, nowMs);
    const origin = { message, deliveries, parcel: body, record };
    return parsed.ok
      ? { ...origin, kind: "event", event: parsed.event }
      : { ...origin, kind: "rejected", failure: parsed.rejection };
  });
}

const rejectionEnding = (arrival: Extract<Arrival, { kind: "rejected" }>): Ending => ({
  arrival,
  kind: "deadLettered",
  failure: arrival.failure,
});

/** Cuts the batch so that a round touches a bounded number of devices, and an isolated parcel meets nobody. */
function roundsOf(arrivals: readonly EventArrival[], maxDevices: number): EventArrival[][] {
  const isolated = arrivals.filter(({ parcel }) => parcel.isolated).map((arrival) => [arrival]);
  const byDevice = Map.groupBy(
    arrivals.filter(({ parcel }) => !parcel.isolated),
    ({ event }) => event.deviceKey,
  );
  const groups = [...byDevice.values()];
  const rounds: EventArrival[][] = [];
  for (let i = 0; i < groups.length; i += maxDevices) {
    rounds.push(groups.slice(i, i + maxDevices).flat());
  }
  return [...rounds, ...isolated];
}

type Cost = { d1RowsRead: number; d1RowsWritten: number; objectCalls: number; objectWrites: number };

type BatchTotals = {
  readonly cost: Cost;
  readonly announcements: Announcements;
};

/** Writes D1, and then the objects: who watches may be shown only what a query would show him too. */
async function mergeRound(deps: ConsumeDeps, round: readonly EventArrival[], totals: BatchTotals): Promise<Ending[]> {
  const fleet = await settle(deps.fleet.merge(round.map(({ event }) => event)));
  if (!fleet.ok) return round.map((arrival) => endingOfFault(arrival, fleet.thrown));
  const { outcomes, announcements, watched, consistencyToken, rowsRead, rowsWritten } = fleet.value;
  totals.cost.d1RowsRead += rowsRead;
  totals.cost.d1RowsWritten += rowsWritten;
  const inD1 = new Map(round.map((arrival, i) => [arrival, outcomes[i] ?? null]));
  const taken = round.filter((arrival) => inD1.get(arrival) !== null);
  const objects = await mergeIntoObjects(
    deps,
    taken.filter(({ event }) => deps.objectWrites === "always" || watched.has(event.deviceKey) || isClaimed(event)),
    consistencyToken,
  );
  totals.cost.objectCalls += objects.calls;
  totals.cost.objectWrites += objects.rowsWritten;
  return round.map((arrival, i): Ending => {
    const outcome = inD1.get(arrival) ?? null;
    if (outcome === null) return { arrival, kind: "deferred" };
    const known = [arrival.record.merged, outcome, objects.outcomes.get(arrival)];
    const merged = known.filter((one) => one !== undefined).reduce(combineOutcomes, "superseded");
    if (merged === "applied" || isReturn(arrival)) {
      totals.announcements.add(arrival, announcements[i] ?? new Map(), consistencyToken);
    }
    return objects.faults.has(arrival)
      ? endingOfFault({ ...arrival, record: withMerged(arrival.record, merged) }, objects.faults.get(arrival))
      : { arrival, kind: "merged", outcome: merged };
  });
}

/** A desired state waits in the device's object for the event that makes it so. */
const isClaimed = ({ change }: ConcordEvent): boolean => change.desired !== undefined;

/** Whoever had this record before may have died between D1 and a dealer's feed, which drops what it knows. */
const isReturn = ({ deliveries, parcel, record }: EventArrival): boolean =>
  deliveries > 1 ||
  parcel.deferrals !== undefined ||
  record.attempts !== undefined ||
  record.suspect === true ||
  record.letterId !== undefined;

async function mergeIntoObjects(deps: ConsumeDeps, arrivals: readonly EventArrival[], consistencyToken: string | null) {
  const outcomes = new Map<EventArrival, MergeOutcome>();
  const faults = new Map<EventArrival, unknown>();
  let rowsWritten = 0;
  const byDevice = Map.groupBy(arrivals, ({ event }) => event.deviceKey);
  await Promise.all(
    [...byDevice].map(async ([key, group]) => {
      const events = group.map(({ event }) => event);
      const result = await settle(deps.mergeIntoObject(key, events, consistencyToken));
      if (result.ok) rowsWritten += result.value.rowsWritten;
      group.forEach((arrival, i) => {
        if (result.ok) outcomes.set(arrival, result.value.outcomes[i] as MergeOutcome);
        else faults.set(arrival, result.thrown);
      });
    }),
  );
  return { outcomes, faults, calls: byDevice.size, rowsWritten };
}

/** A merged record comes back where its dealer could not be told of it. */
const afterTelling = (ending: Ending, faults: ReadonlyMap<Arrival, unknown>): Ending =>
  ending.kind === "merged" && faults.has(ending.arrival)
    ? endingOfFault(
        { ...ending.arrival, record: withMerged(ending.arrival.record, ending.outcome) },
        faults.get(ending.arrival),
      )
    : ending;

/** A record that one store has taken says so when it comes back, or it would end as a duplicate of itself. */
const withMerged = (record: QueuedRecord, merged: MergeOutcome): QueuedRecord =>
  merged === "superseded" ? record : { ...record, merged };

function endingOfFault(arrival: Arrival, thrown: unknown): Ending {
  const { topic, attempts = 0 } = arrival.record;
  const error = faultOf(thrown);
  const traceId = traceOf(arrival.parcel.traceparent)?.traceId;
  if (isOutage(thrown)) {
    log("warn", "consume.deferred", { topic, traceId, deferrals: arrival.parcel.deferrals ?? 0, ...error });
    return { arrival, kind: "deferred" };
  }
  log("error", "consume.failed", { topic, traceId, attempts: attempts + 1, ...error });
  return attempts + 1 < MAX_ATTEMPTS
    ? { arrival, kind: "retried" }
    : { arrival, kind: "deadLettered", failure: { reason: "fault", error: { ...error, at: functionOf(thrown) } } };
}

/** A line for each traced request whose records were in the batch, with how they ended. */
function logTraces(endings: readonly Ending[]): void {
  for (const [parcel, group] of Map.groupBy(endings, ({ arrival }) => arrival.parcel)) {
    const trace = traceOf(parcel.traceparent);
    if (!trace?.isSampled) continue;
    const ends = new Tally();
    for (const ending of group) ends.add(ending.kind === "merged" ? ending.outcome : ending.kind);
    const counts = ends.toCounts() as Record<string, number>;
    log("info", "consume.traced", { traceId: trace.traceId, records: group.length, ends: counts });
  }
}

function handledOf(ending: Ending): Handled {
  const { topic, receivedAtMs, letterId } = ending.arrival.record;
  const record = { topic, receivedAtMs, isReplay: letterId !== undefined };
  switch (ending.kind) {
    case "merged":
      return { ...record, kind: "merged", outcome: ending.outcome, occurredAtMs: ending.arrival.event.occurredAtMs };
    case "deadLettered":
      return { ...record, kind: "deadLettered", reason: ending.failure.reason };
    case "deferred":
    case "retried":
      return { ...record, kind: "returned" };
    default:
      return ending satisfies never;
  }
}
