import { type RawSender, sendAsItIs } from "../../src/shared/queue/as-it-is.ts";
import { backoffSeconds } from "../../src/shared/queue/backoff.ts";
import {
  type Circumstances,
  type DeadLetterMessage,
  type Failure,
  letterOf,
  packLetters,
  type Settlement,
} from "../../src/shared/queue/letter.ts";
import { type BatchSender, sendAll } from "../../src/shared/queue/pack.ts";
import { type Parcel, packParcels, type QueuedRecord } from "../../src/shared/queue/parcel.ts";
import { faultOf, log } from "../../src/shared/telemetry/log.ts";
import type { Arrival, Ending } from "./ending.ts";

export type SendOnDeps = {
  readonly events: Pick<Queue<Parcel>, "sendBatch">;
  readonly deadLetters: BatchSender<DeadLetterMessage> & RawSender;
  readonly now: () => number;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
  readonly workerVersion: string;
};

/** A queue message that arrived and is not a parcel. */
export type Stray = { readonly message: number; readonly body: unknown };

/** Messages, by their place in the batch, whose records could not all be sent on; they must come back whole. */
export type SentOn = { readonly held: ReadonlySet<number> };

/** Sends on what did not end in this batch: waiting records back to the queue, dead and replayed ones to the dead letters. */
export async function sendOn(deps: SendOnDeps, endings: readonly Ending[], strays: readonly Stray[]): Promise<SentOn> {
  const held = new Set<number>();
  const { letters, messages } = await lettersOf(deps, endings);
  const { fault } = await sendAll(deps.deadLetters, letters);
  if (fault !== undefined) hold(held, messages, fault);
  // Not parcels and so not ours; the dead-letter Worker parks whatever it is handed.
  for (const { message, body } of strays) {
    await sendAsItIs(deps.deadLetters, body).catch((thrown) => hold(held, [message], thrown));
  }
  // A message that comes back whole brings its waiting records along: sent on as well, they would multiply.
  const going = endings.filter(({ arrival }) => !held.has(arrival.message));
  for (const { parcels, delaySeconds, messages } of returnsOf(going, deps.random)) {
    const { fault } = await sendAll(deps.events, parcels, delaySeconds);
    if (fault !== undefined) hold(held, messages, fault);
  }
  return { held };
}

function hold(held: Set<number>, messages: readonly number[], fault: unknown): void {
  log("error", "consume.queue_refused", { messages: messages.length, ...faultOf(fault) });
  for (const message of messages) held.add(message);
}

/** Parcels that go back to the queue together, because they wait equally long. */
type Return = { readonly parcels: Parcel[]; readonly delaySeconds: number; readonly messages: readonly number[] };

function returnsOf(endings: readonly Ending[], random: () => number): Return[] {
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

/** The consumer lived through this record, whatever it failed on: it is no suspect any more. */
const cleared = ({ suspect: _, ...record }: QueuedRecord): QueuedRecord => record;

/** After so many deferrals a record may be the outage itself; from then on it takes nobody along. */
const ISOLATE_AFTER_DEFERRALS = 10;

/** An outage was nobody's fault: the records travel on together, as they are. */
function deferredParcels(parcel: Parcel, deferrals: number, members: readonly Ending[]): Parcel[] {
  const { traceparent } = parcel;
  const isolated = parcel.isolated || deferrals >= ISOLATE_AFTER_DEFERRALS;
  const records = members.filter(({ kind }) => kind === "deferred").map(({ arrival }) => cleared(arrival.record));
  return packParcels(records, { ...(traceparent && { traceparent }), ...(isolated && { isolated }), deferrals });
}

/** One of these records broke something: each travels on alone, with its own count, until the one is found. */
function retriedParcels({ traceparent }: Parcel, attempts: number, members: readonly Ending[]): Parcel[] {
  const records = members
    .filter(({ kind }) => kind === "retried")
    .map(({ arrival }) => ({ ...cleared(arrival.record), attempts }));
  return packParcels(records, { ...(traceparent && { traceparent }), isolated: true });
}

async function lettersOf(
  deps: SendOnDeps,
  endings: readonly Ending[],
): Promise<{ letters: DeadLetterMessage[]; messages: number[] }> {
  const dead = endings.filter((ending) => ending.kind === "deadLettered");
  const replayed = endings.flatMap((ending) => {
    const { letterId } = ending.arrival.record;
    return ending.kind === "merged" && letterId !== undefined ? [{ ending, letterId }] : [];
  });
  const letters = await Promise.all(
    dead.map(({ arrival, failure }) => letterOf(arrival.record, circumstancesOf(deps, arrival, failure))),
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

const circumstancesOf = (deps: SendOnDeps, { parcel }: Arrival, failure: Failure): Circumstances => ({
  stage: "consume",
  failure,
  failedAtMs: deps.now(),
  workerVersion: deps.workerVersion,
  traceparent: parcel.traceparent,
});
