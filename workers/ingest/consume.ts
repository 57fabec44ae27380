import { isAhead } from "#contracts/parse.ts";
import type { ConcordEvent, DeviceKey } from "#domain/event.ts";
import { combineOutcomes, type MergeOutcome } from "#domain/outcome.ts";
import type { ObjectWrites } from "#objects/object-writes.ts";
import type { ObjectMergeReport } from "#objects/requests.ts";
import { parseStamped } from "#queue/contract-version.ts";
import { type DeliveredMessage, type Disposition, toDisposition } from "#queue/delivery.ts";
import { laneOf } from "#queue/lane.ts";
import { isParcel } from "#queue/parcel.ts";
import { receive } from "#queue/receipt.ts";
import { redactRecord } from "#queue/redact-record.ts";
import { isOutage } from "#repositories/fault.ts";
import type { FleetReport } from "#repositories/fleet.ts";
import { describeFault, log, throwingFunction } from "#telemetry/log.ts";
import { type MetricsReport, Tally } from "#telemetry/metrics.ts";
import { parseTrace } from "#telemetry/trace.ts";
import { type Handled, trackMetrics } from "#telemetry/track-metrics.ts";
import { type Announce, Announcements } from "./announcements.ts";
import { type Archive, archiveBatch } from "./archive.ts";
import { type Arrival, deferred, type Ending, type EventArrival, withMerged } from "./ending.ts";
import { type KeepLetters, keepableLetters } from "./keepable-letters.ts";
import { type Deliver, type Made, Offers, wasDeliveredBefore } from "./offers.ts";
import { type SendOnDeps, sendOn } from "./send-on.ts";
import { settle } from "./settle.ts";

/** All effects of the consumer. */
export type ConsumeDeps = SendOnDeps & {
  readonly fleet: { merge(events: readonly ConcordEvent[]): Promise<FleetReport> };
  /** Whether every device's object is written, or only those with subscribers. */
  readonly objectWrites: ObjectWrites;
  /** @param consistencyToken a read with it sees what the events did */
  readonly mergeIntoObject: (
    key: DeviceKey,
    events: readonly ConcordEvent[],
    consistencyToken: string | null,
    receivedAtMs: readonly number[],
  ) => Promise<ObjectMergeReport>;
  readonly announce: Announce;
  readonly deliver: Deliver;
  /** Failed records as they may be kept. Absent: all as they are. */
  readonly keepable?: KeepLetters | undefined;
  /** `undefined` where no bucket is bound: then nothing is archived, and nothing else differs. */
  readonly archive?: Archive | undefined;
  /** Takes how records ended, for analysts, and is not waited for; `undefined` where no stream is bound. */
  readonly stream?: ((endings: readonly Ending[]) => void) | undefined;
};

export type Consumed = {
  readonly dispositions: readonly Disposition[];
  /** How each record left the batch, in no particular order. */
  readonly endings: readonly Ending[];
  readonly report: MetricsReport;
};

/**
 * Most devices in one round of D1 and object writes. It bounds the fan-out to objects, which is small if only watched
 * devices are written. Our choice.
 */
export const MAX_DEVICES_A_ROUND: Readonly<Record<ObjectWrites, number>> = { always: 100, live: 500 };

/** Attempts at a record that fails before it becomes a dead letter. Outages do not count. Our choice. */
export const MAX_ATTEMPTS = 5;

/**
 * Consumes a batch of queue messages: every record is merged, goes back to the queue, or becomes a dead letter. A message
 * is acknowledged only when each of its records is safe in one of these places, and the archive has those that are
 * settled. Failed records go back in new parcels, so that they do not hold up the others of their message.
 */
export const consume = (deps: ConsumeDeps, deliveries: readonly DeliveredMessage[]): Promise<Consumed> =>
  trackMetrics(deps.now, () => handle(deps, deliveries));

async function handle(deps: ConsumeDeps, deliveries: readonly DeliveredMessage[]) {
  const nowMs = deps.now();
  const arrivals = (await Promise.all(deliveries.map((one, message) => toArrivals(one, message, nowMs)))).flat();
  const cost: Cost = { d1RowsRead: 0, d1RowsWritten: 0, objectCalls: 0, objectWrites: 0 };
  const announcements = new Announcements();
  const offers = new Offers(deps.deliver);
  const merged: Ending[] = [];
  const events = arrivals.filter((arrival) => arrival.kind === "event");
  for (const round of toRounds(events, MAX_DEVICES_A_ROUND[deps.objectWrites])) {
    merged.push(
      ...(await mergeRound(deps, round, {
        cost,
        announcements,
        offers,
      })),
    );
  }
  cost.objectCalls += announcements.size;
  const { faults: unannounced, made } = await announcements.sendAll(deps.announce);
  offers.send(made);
  const undelivered = await offers.settle();
  cost.objectCalls += offers.calls;
  const ended = [
    ...arrivals.filter((arrival) => arrival.kind === "rejected").map(rejectionEnding),
    ...arrivals.filter(({ kind }) => kind === "ahead").map(deferAhead),
    ...merged.map((ending) => afterOffering(afterAnnouncing(ending, unannounced), undelivered)),
  ];
  const kept = await keepableLetters(deps, ended);
  const { endings, report: archived } = await archiveBatch(deps.archive, kept, deps.now());
  const strays = deliveries.flatMap(({ body }, message) => (isParcel(body) ? [] : [{ message, body }]));
  const { held } = await sendOn(deps, endings, strays);
  deps.stream?.(endings.filter(({ arrival }) => !held.has(arrival.message)));
  logTraces(endings);
  return {
    dispositions: deliveries.map((delivery, message) => toDisposition(!held.has(message), delivery, deps.random)),
    endings,
    handled: endings.filter(({ arrival }) => !held.has(arrival.message)).map(toHandled),
    cost: { ...cost, ...offers.report, ...archived },
  };
}

async function toArrivals({ body, attempts: deliveries }: DeliveredMessage, message: number, nowMs: number) {
  if (!isParcel(body)) return [];
  return (await receive(body)).map((record): Arrival => {
    const origin = { message, deliveries, parcel: body, record };
    if (isAhead(record, nowMs)) return { ...origin, kind: "ahead" };
    const parsed = parseStamped(record, nowMs);
    return parsed.ok
      ? { ...origin, kind: "event", event: parsed.event }
      : { ...origin, kind: "rejected", failure: parsed.rejection };
  });
}

/**
 * While a deployment rolls out, a consumer of the old one gets records that a boundary of the new one has accepted. They
 * wait in the queue, since their own consumer is about to come.
 */
function deferAhead(arrival: Arrival): Ending {
  const { topic, contractVersion } = arrival.record;
  log("warn", "consume.ahead", { topic, contractVersion, deferrals: arrival.parcel.deferrals ?? 0 });
  return { arrival, kind: "deferred" };
}

const rejectionEnding = (arrival: Extract<Arrival, { kind: "rejected" }>): Ending => ({
  arrival,
  kind: "deadLettered",
  failure: arrival.failure,
});

/** Splits the batch into rounds of a bounded number of devices; a record of an isolated parcel gets a round of its own. */
function toRounds(arrivals: readonly EventArrival[], maxDevices: number): EventArrival[][] {
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
  readonly offers: Offers;
};

/** Writes D1 and then the objects, so that subscribers receive nothing that a query would not show yet. */
async function mergeRound(
  deps: ConsumeDeps,
  received: readonly EventArrival[],
  totals: BatchTotals,
): Promise<Ending[]> {
  const fleet = await settle(deps.fleet.merge(received.map(({ event }) => event)));
  if (!fleet.ok) return received.map((arrival) => faultEnding(arrival, fleet.thrown));
  const round = received.map((arrival, i) => asMerged(arrival, fleet.value.events[i] as ConcordEvent));
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
  totals.offers.send(objects.made);
  return round.map((arrival, i): Ending => {
    const outcome = inD1.get(arrival) ?? null;
    if (outcome === null) return { arrival, kind: "deferred" };
    const known = [arrival.record.merged, outcome, objects.outcomes.get(arrival)];
    const merged = known.filter((one) => one !== undefined).reduce(combineOutcomes, "superseded");
    if (merged === "applied" || wasDeliveredBefore(arrival)) {
      totals.announcements.add(arrival, announcements[i] ?? new Map(), consistencyToken);
    }
    return objects.faults.has(arrival)
      ? faultEnding({ ...arrival, record: withMerged(arrival.record, merged) }, objects.faults.get(arrival))
      : { arrival, kind: "merged", outcome: merged };
  });
}

/** From here on nobody sees what was personal of somebody who was forgotten: no object, no queue, no letter. */
const asMerged = (arrival: EventArrival, event: ConcordEvent): EventArrival =>
  event === arrival.event ? arrival : { ...arrival, event, record: redactRecord(arrival.record, event) };

/** The device's object holds a claim for this event, so it has to receive it even without subscribers. */
const isClaimed = ({ change }: ConcordEvent): boolean => change.desired !== undefined;

async function mergeIntoObjects(deps: ConsumeDeps, arrivals: readonly EventArrival[], consistencyToken: string | null) {
  const outcomes = new Map<EventArrival, MergeOutcome>();
  const faults = new Map<EventArrival, unknown>();
  const made: Made[] = [];
  let rowsWritten = 0;
  const byDevice = Map.groupBy(arrivals, ({ event }) => event.deviceKey);
  await Promise.all(
    [...byDevice].map(async ([key, group]) => {
      const events = group.map(({ event }) => event);
      const receivedAtMs = group.map(({ record }) => record.receivedAtMs);
      const result = await settle(deps.mergeIntoObject(key, events, consistencyToken, receivedAtMs));
      if (result.ok) {
        rowsWritten += result.value.rowsWritten;
        made.push({ offers: result.value.offers, arrivals: group });
      }
      group.forEach((arrival, i) => {
        if (result.ok) outcomes.set(arrival, result.value.outcomes[i] as MergeOutcome);
        else faults.set(arrival, result.thrown);
      });
    }),
  );
  return { outcomes, faults, made, calls: byDevice.size, rowsWritten };
}

/** A merged record goes back to the queue if its dealer's feed could not be called. */
const afterAnnouncing = (ending: Ending, faults: ReadonlyMap<Arrival, unknown>): Ending =>
  ending.kind === "merged" && faults.has(ending.arrival)
    ? faultEnding(
        { ...ending.arrival, record: withMerged(ending.arrival.record, ending.outcome) },
        faults.get(ending.arrival),
      )
    : ending;

/**
 * A merged record goes back to the queue if a hub could not be called, and never to the dead letters: nothing is wrong with
 * it. When it is merged again, the object offers its position, and the hub asks for what it missed.
 */
function afterOffering(ending: Ending, faults: ReadonlyMap<Arrival, unknown>): Ending {
  return ending.kind === "merged" && faults.has(ending.arrival) ? deferred(ending) : ending;
}

function faultEnding(arrival: Arrival, thrown: unknown): Ending {
  const { topic, attempts = 0 } = arrival.record;
  const error = describeFault(thrown);
  const traceId = parseTrace(arrival.parcel.traceparent)?.traceId;
  if (isOutage(thrown)) {
    log("warn", "consume.deferred", { topic, traceId, deferrals: arrival.parcel.deferrals ?? 0, ...error });
    return { arrival, kind: "deferred" };
  }
  log("error", "consume.failed", { topic, traceId, attempts: attempts + 1, ...error });
  return attempts + 1 < MAX_ATTEMPTS
    ? { arrival, kind: "retried" }
    : {
        arrival,
        kind: "deadLettered",
        failure: { reason: "fault", error: { ...error, at: throwingFunction(thrown) } },
      };
}

/** Logs the outcomes of each traced request's records in the batch. */
function logTraces(endings: readonly Ending[]): void {
  for (const [parcel, group] of Map.groupBy(endings, ({ arrival }) => arrival.parcel)) {
    const trace = parseTrace(parcel.traceparent);
    if (!trace?.isSampled) continue;
    const ends = new Tally();
    for (const ending of group) ends.add(ending.kind === "merged" ? ending.outcome : ending.kind);
    const counts = ends.toCounts() as Record<string, number>;
    log("info", "consume.traced", { traceId: trace.traceId, records: group.length, ends: counts });
  }
}

function toHandled(ending: Ending): Handled {
  const { topic, receivedAtMs, letterId } = ending.arrival.record;
  const record = {
    topic,
    receivedAtMs,
    isReplay: letterId !== undefined,
    isBackfill: laneOf(ending.arrival.parcel) === "backfill",
  };
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
