import {
  type Circumstances,
  createLetter,
  type DeadLetterMessage,
  type Failure,
  packLetters,
  type Settlement,
} from "#letters/letter.ts";
import { type RawSender, sendUnchanged } from "#queue/as-it-is.ts";
import { backoffSeconds } from "#queue/backoff.ts";
import { inLane, LANES, laneOf } from "#queue/lane.ts";
import { type BatchSender, sendAll } from "#queue/pack.ts";
import { type Parcel, packParcels, type QueuedRecord } from "#queue/parcel.ts";
import { describeFault, log } from "#telemetry/log.ts";
import type { Arrival, Ending } from "./ending.ts";

export type SendOnDeps = {
  readonly events: BatchSender<Parcel>;
  /** The queue of the lane of backfills; `events` is that of live records. */
  readonly backfill: BatchSender<Parcel>;
  readonly deadLetters: BatchSender<DeadLetterMessage> & RawSender;
  readonly now: () => number;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
  readonly workerVersion: string;
};

/** A queue message that is not a parcel. */
export type Stray = { readonly message: number; readonly body: unknown };

/** The messages, by index in the batch, with a record that could not be sent on: they have to be delivered again. */
export type SentOn = { readonly held: ReadonlySet<number> };

/**
 * Sends on the records that did not end in this batch: deferred and retried ones back to the queue, dead letters and the
 * outcomes of replays to the dead-letter queue.
 */
export async function sendOn(deps: SendOnDeps, endings: readonly Ending[], strays: readonly Stray[]): Promise<SentOn> {
  const held = new Set<number>();
  const { letters, messages } = await toLetters(deps, endings);
  const { fault } = await sendAll(deps.deadLetters, letters);
  if (fault !== undefined) hold(held, messages, fault);
  // Bodies that are not parcels go to the dead-letter Worker unchanged, which parks them.
  for (const { message, body } of strays) {
    await sendUnchanged(deps.deadLetters, body).catch((thrown) => hold(held, [message], thrown));
  }
  // Not from held messages: those are delivered again with all their records, which would be duplicated.
  const going = endings.filter(({ arrival }) => !held.has(arrival.message));
  for (const lane of LANES) {
    const queue = lane === "live" ? deps.events : deps.backfill;
    const inIt = going.filter(({ arrival }) => laneOf(arrival.parcel) === lane);
    for (const { parcels, delaySeconds, messages } of toReturns(inIt, deps.random)) {
      const { fault } = await sendAll(queue, parcels, delaySeconds);
      if (fault !== undefined) hold(held, messages, fault);
    }
  }
  return { held };
}

function hold(held: Set<number>, messages: readonly number[], fault: unknown): void {
  log("error", "consume.queue_refused", { messages: messages.length, ...describeFault(fault) });
  for (const message of messages) held.add(message);
}

/** Parcels that go back to the queue with the same delay. */
type Return = { readonly parcels: Parcel[]; readonly delaySeconds: number; readonly messages: readonly number[] };

function toReturns(endings: readonly Ending[], random: () => number): Return[] {
  const waiting = endings.filter(({ kind }) => kind === "deferred" || kind === "retried");
  const failures = ({ kind, arrival }: Ending): number =>
    (kind === "deferred" ? (arrival.parcel.deferrals ?? 0) : (arrival.record.attempts ?? 0)) + 1;
  return [...Map.groupBy(waiting, failures)].map(([count, group]) => ({
    parcels: [
      ...[...Map.groupBy(group, ({ arrival }) => arrival.parcel)].flatMap(([parcel, members]) => [
        ...deferredParcels(parcel, count, members),
        ...retriedParcels(parcel, count, members),
      ]),
    ],
    delaySeconds: backoffSeconds(count, random()),
    messages: group.map(({ arrival }) => arrival.message),
  }));
}

/** The record without `suspect`: the consumer survived it, even if it failed. */
const withoutSuspicion = ({ suspect: _, ...record }: QueuedRecord): QueuedRecord => record;

/** After this many deferrals the record itself may cause the outage, so it is isolated from then on. */
const ISOLATE_AFTER_DEFERRALS = 10;

/** After an outage no record is to blame: they go back together, unchanged. */
function deferredParcels(parcel: Parcel, deferrals: number, members: readonly Ending[]): Parcel[] {
  const isolated = parcel.isolated || deferrals >= ISOLATE_AFTER_DEFERRALS;
  const records = members
    .filter(({ kind }) => kind === "deferred")
    .map(({ arrival }) => withoutSuspicion(arrival.record));
  return packParcels(records, { ...sameWay(parcel), ...(isolated && { isolated }), deferrals });
}

/** One of these records caused a failure: each goes back in a parcel of its own, with its own count of attempts. */
function retriedParcels(parcel: Parcel, attempts: number, members: readonly Ending[]): Parcel[] {
  const records = members
    .filter(({ kind }) => kind === "retried")
    .map(({ arrival }) => ({ ...withoutSuspicion(arrival.record), attempts }));
  return packParcels(records, { ...sameWay(parcel), isolated: true });
}

/** What the parcels have in common in which a parcel's records go back: its trace and its lane. */
const sameWay = (parcel: Parcel): Pick<Parcel, "traceparent" | "lane"> => ({
  ...(parcel.traceparent && { traceparent: parcel.traceparent }),
  ...inLane(laneOf(parcel)),
});

async function toLetters(
  deps: SendOnDeps,
  endings: readonly Ending[],
): Promise<{ letters: DeadLetterMessage[]; messages: number[] }> {
  const dead = endings.filter((ending) => ending.kind === "deadLettered");
  const replayed = endings.flatMap((ending) => {
    const { letterId } = ending.arrival.record;
    return ending.kind === "merged" && letterId !== undefined ? [{ ending, letterId }] : [];
  });
  const letters = await Promise.all(
    dead.map(({ arrival, failure }) => createLetter(arrival.record, toCircumstances(deps, arrival, failure))),
  );
  const settlements = replayed.map(
    ({ ending, letterId }): Settlement => ({ letterId, outcome: ending.outcome, settledAtMs: deps.now() }),
  );
  return {
    letters: [
      ...packLetters(letters),
      ...(settlements.length > 0 ? [{ kind: "settlements", settlements } as const] : []),
    ],
    messages: [...dead.map(({ arrival }) => arrival.message), ...replayed.map(({ ending }) => ending.arrival.message)],
  };
}

const toCircumstances = (deps: SendOnDeps, { parcel }: Arrival, failure: Failure): Circumstances => ({
  stage: "consume",
  failure,
  failedAtMs: deps.now(),
  workerVersion: deps.workerVersion,
  traceparent: parcel.traceparent,
});
