import { toBase64 } from "#base/base64.ts";
import { type Circumstances, createLetter, type Letter, letterIdOf, type Settlement } from "#letters/letter.ts";
import type { DeadLetterRepository } from "#letters/repositories/dead-letter.ts";
import { type RawSender, sendUnchanged } from "#queue/as-it-is.ts";
import { backoffSeconds } from "#queue/backoff.ts";
import { type DeliveredMessage, type Disposition, toDisposition } from "#queue/delivery.ts";
import { inLane, type Lane, laneOf } from "#queue/lane.ts";
import { type BatchSender, sendAll } from "#queue/pack.ts";
import { type Parcel, packParcels, type QueuedRecord } from "#queue/parcel.ts";
import { receive } from "#queue/receipt.ts";
import { describeFault, log } from "#telemetry/log.ts";
import { type MetricsSink, Tally } from "#telemetry/metrics.ts";
import { readMessage } from "./message.ts";

export type ParkDeps = {
  readonly letters: Pick<DeadLetterRepository, "park" | "settle">;
  /** The queue whose consumer takes one message at a time. */
  readonly suspects: BatchSender<Parcel>;
  /** The queue that these messages came from. */
  readonly deadLetters: RawSender;
  readonly metrics: MetricsSink;
  readonly workerVersion: string;
  /** 0 up to 1, for jitter. */
  readonly random: () => number;
};

/**
 * A message with the time at which it was sent, which is when letters that are made here failed. By the clock, the same
 * message delivered again would count as a second failure.
 */
export type SentDelivery = DeliveredMessage & { readonly timestamp: Date };

/**
 * Consumes a batch of the dead-letter queue: letters and settlements are written to D1, and records of parcels that
 * took a consumer down go back to the consumer, each alone. A message is acknowledged only when all of it is stored or
 * sent; a repeated delivery changes nothing.
 * @returns one disposition per delivery, in order
 */
export async function park(deps: ParkDeps, deliveries: readonly SentDelivery[]): Promise<Disposition[]> {
  // A message that failed before is handled alone, so that one which D1 refuses does not hold up the others for ever.
  const isFresh = ({ attempts }: SentDelivery) => attempts <= 1;
  const groups = [deliveries.filter(isFresh), ...deliveries.filter((each) => !isFresh(each)).map((each) => [each])];
  const taken = new Set((await Promise.all(groups.map((group) => takeGroup(deps, group)))).flat());
  const expiring = deliveries.filter((delivery) => !taken.has(delivery) && delivery.attempts >= RENEW_AFTER_ATTEMPTS);
  for (const delivery of await renew(deps, expiring)) taken.add(delivery);
  return deliveries.map((delivery) => toDisposition(taken.has(delivery), delivery, deps.random));
}

/**
 * The queue deletes a message after its last attempt, and there is no queue behind this one. Well before that, the
 * message is sent anew with all its attempts left, for as long as D1 is unreachable.
 */
const RENEW_AFTER_ATTEMPTS = 50;

/** @returns the deliveries that have been replaced by a new message. */
async function renew(
  { deadLetters, random }: ParkDeps,
  expiring: readonly SentDelivery[],
): Promise<readonly SentDelivery[]> {
  if (expiring.length === 0) return [];
  const delaySeconds = backoffSeconds(RENEW_AFTER_ATTEMPTS, random());
  const renewed: SentDelivery[] = [];
  for (const delivery of expiring) {
    try {
      await sendUnchanged(deadLetters, delivery.body, delaySeconds);
      renewed.push(delivery);
    } catch (thrown) {
      log("error", "park.not_renewed", describeFault(thrown));
    }
  }
  log("error", "park.renewed", { messages: expiring.length, sent: renewed.length });
  return renewed;
}

/** What has to be done before a message may be acknowledged. */
type Work = {
  readonly delivery: SentDelivery;
  readonly letters: readonly Letter[];
  readonly settlements: readonly Settlement[];
  readonly resend: readonly Parcel[];
  readonly lane: Lane;
};

/** @returns the deliveries of which everything was stored or sent. */
async function takeGroup(deps: ParkDeps, group: readonly SentDelivery[]): Promise<SentDelivery[]> {
  const works = await Promise.all(group.map((delivery) => toWork(deps, delivery)));
  const sent = await Promise.all(works.map((work) => resend(deps, work)));
  const pending = works.filter((_, i) => sent[i]);
  const stored = await store(deps, pending);
  const taken = pending.filter((work) => stored || !needsStore(work));
  await countCrashes(deps, taken);
  return taken.map(({ delivery }) => delivery);
}

async function toWork(deps: ParkDeps, delivery: SentDelivery): Promise<Work> {
  const nothing = { delivery, letters: [], settlements: [], resend: [], lane: "live" } as const;
  const message = readMessage(delivery.body);
  switch (message.kind) {
    case "letters":
      return { ...nothing, letters: message.letters };
    case "settlements":
      return { ...nothing, settlements: message.settlements };
    case "parcel":
      return { ...nothing, lane: laneOf(message), ...(await splitParcel(deps, message, delivery)) };
    case "unreadable":
      return { ...nothing, letters: [await toUnreadableLetter(deps, delivery)] };
  }
}

/**
 * Splits a parcel that the platform has dead-lettered because its consumer died at every delivery. Which record is to
 * blame is unknown, so each is sent to the queue of suspects, which delivers one at a time: harmless records are
 * merged, and the one that kills the consumer again comes back alone and becomes a letter.
 */
async function splitParcel(
  deps: ParkDeps,
  parcel: Parcel,
  { timestamp }: SentDelivery,
): Promise<Pick<Work, "letters" | "resend">> {
  const { traceparent } = parcel;
  const records = await receive(parcel);
  const crash: Circumstances = {
    stage: "consume",
    failure: { reason: "crash" },
    failedAtMs: timestamp.getTime(),
    workerVersion: deps.workerVersion,
    traceparent,
  };
  const suspects = records.filter(({ suspect }) => suspect);
  const others = records.filter(({ suspect }) => !suspect);
  return {
    letters: await Promise.all(suspects.map((record) => createLetter(record, crash))),
    resend: packParcels(
      others.map((record) => ({ ...record, suspect: true as const })),
      { isolated: true, ...(traceparent && { traceparent }), ...inLane(laneOf(parcel)) },
    ),
  };
}

/**
 * A body of an unknown shape has no topic and no event id to rely on, so the letter's id is derived from its content.
 */
async function toUnreadableLetter(deps: ParkDeps, { body, timestamp }: SentDelivery): Promise<Letter> {
  const record: QueuedRecord = { topic: "unknown", key: null, ...toValue(body), receivedAtMs: timestamp.getTime() };
  log("error", "park.unreadable");
  const letter = await createLetter(record, {
    stage: "consume",
    failure: {
      reason: "fault",
      error: { name: "UnreadableMessage", message: "the dead-letter queue held a message of no kind we know" },
    },
    failedAtMs: timestamp.getTime(),
    workerVersion: deps.workerVersion,
  });
  // In a list, so that no member of the body is read as an event id.
  const { encoding: _, ...named } = { ...record, value: JSON.stringify([record.value]) };
  return { ...letter, id: await letterIdOf(named) };
}

/** The whole body as a record's value: JSON, or base64 of its bytes. */
function toValue(body: unknown): Pick<QueuedRecord, "value" | "encoding"> {
  if (body instanceof ArrayBuffer) {
    return { value: toBase64(new Uint8Array(body)), encoding: "base64" };
  }
  try {
    return { value: JSON.stringify(body) ?? null };
  } catch {
    return { value: String(body) };
  }
}

async function resend({ suspects }: ParkDeps, { resend }: Work): Promise<boolean> {
  const { sent, fault } = await sendAll(suspects, resend);
  if (sent === resend.length) return true;
  log("error", "park.queue_refused", { parcels: resend.length, sent, ...describeFault(fault) });
  return false;
}

/** @returns whether D1 has stored all of it. */
async function store({ letters }: ParkDeps, works: readonly Work[]): Promise<boolean> {
  try {
    await letters.park(works.flatMap((work) => work.letters));
    await letters.settle(works.flatMap((work) => work.settlements));
    return true;
  } catch (thrown) {
    log("error", "park.failed", { messages: works.length, ...describeFault(thrown) });
    return false;
  }
}

const needsStore = ({ letters, settlements }: Work): boolean => letters.length + settlements.length > 0;

/** A letter is counted where it is made, and letters of crashes are made here. */
async function countCrashes({ metrics }: ParkDeps, works: readonly Work[]): Promise<void> {
  const crashes = new Tally<`${string} crash`>();
  const ofBackfills = new Tally<`${string} crash`>();
  for (const { letters, lane } of works) {
    for (const { record, failure } of letters) {
      if (failure.reason !== "crash") continue;
      crashes.add(`${record.topic} crash`);
      if (lane === "backfill") ofBackfills.add(`${record.topic} crash`);
    }
  }
  if (crashes.total === 0) return;
  try {
    const backfillSettled = ofBackfills.total > 0 && { backfillSettled: ofBackfills.toCounts() };
    await metrics.report({ deadLettered: crashes.toCounts(), ...backfillSettled });
  } catch (thrown) {
    // A lost count is better than handling the letters again.
    log("warn", "metrics.lost", describeFault(thrown));
  }
}
