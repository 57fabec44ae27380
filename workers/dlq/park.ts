import { base64Of } from "../../src/shared/base64.ts";
import { type RawSender, sendAsItIs } from "../../src/shared/queue/as-it-is.ts";
import { backoffSeconds } from "../../src/shared/queue/backoff.ts";
import { type Delivery, type Disposition, dispositionOf } from "../../src/shared/queue/delivery.ts";
import {
  type Circumstances,
  type Letter,
  letterIdOf,
  letterOf,
  type Settlement,
} from "../../src/shared/queue/letter.ts";
import { type BatchSender, sendAll } from "../../src/shared/queue/pack.ts";
import { type Parcel, packParcels, type QueuedRecord } from "../../src/shared/queue/parcel.ts";
import type { DeadLetterRepository } from "../../src/shared/repositories/dead-letter.ts";
import { faultOf, log } from "../../src/shared/telemetry/log.ts";
import { type MetricsSink, Tally } from "../../src/shared/telemetry/metrics.ts";
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
 * A message, as far as parking it goes. Letters that are written here failed at its `timestamp`, when it was sent: by
 * the clock, the same message delivered again would be a second failure.
 */
export type SentDelivery = Delivery & { readonly timestamp: Date };

/**
 * Puts what comes out of the dead-letter queue where it belongs: letters and settlements into D1, the records of
 * parcels that took a consumer down back to the consumer, each alone. A message is acked only when all it held was
 * taken; it may be delivered again after that, which changes nothing.
 * @returns one disposition a delivery, in order
 */
export async function park(deps: ParkDeps, deliveries: readonly SentDelivery[]): Promise<Disposition[]> {
  // What failed before is handled alone, so that a message D1 will not take does not hold up the others for ever.
  const isFresh = ({ attempts }: SentDelivery) => attempts <= 1;
  const groups = [deliveries.filter(isFresh), ...deliveries.filter((each) => !isFresh(each)).map((each) => [each])];
  const taken = new Set((await Promise.all(groups.map((group) => takeGroup(deps, group)))).flat());
  const expiring = deliveries.filter((delivery) => !taken.has(delivery) && delivery.attempts >= RENEW_AFTER_ATTEMPTS);
  for (const delivery of await renew(deps, expiring)) taken.add(delivery);
  return deliveries.map((delivery) => dispositionOf(taken.has(delivery), delivery, deps.random));
}

/**
 * The queue deletes a message after its last attempt, and there is no queue behind this one. Well before that the
 * message is sent anew, with all its attempts before it, for as long as D1 stays away.
 */
const RENEW_AFTER_ATTEMPTS = 50;

/** @returns the deliveries that a new message stands for now. */
async function renew(
  { deadLetters, random }: ParkDeps,
  expiring: readonly SentDelivery[],
): Promise<readonly SentDelivery[]> {
  if (expiring.length === 0) return [];
  const delaySeconds = backoffSeconds(RENEW_AFTER_ATTEMPTS, random());
  const renewed: SentDelivery[] = [];
  for (const delivery of expiring) {
    try {
      await sendAsItIs(deadLetters, delivery.body, delaySeconds);
      renewed.push(delivery);
    } catch (thrown) {
      log("error", "park.not_renewed", faultOf(thrown));
    }
  }
  log("error", "park.renewed", { messages: expiring.length, sent: renewed.length });
  return renewed;
}

/** What a message asks for. */
type Work = {
  readonly delivery: SentDelivery;
  readonly letters: readonly Letter[];
  readonly settlements: readonly Settlement[];
  readonly resend: readonly Parcel[];
};

/** @returns the deliveries that were taken whole. */
async function takeGroup(deps: ParkDeps, group: readonly SentDelivery[]): Promise<SentDelivery[]> {
  const works = await Promise.all(group.map((delivery) => workOf(deps, delivery)));
  const sent = await Promise.all(works.map((work) => resend(deps, work)));
  const pending = works.filter((_, i) => sent[i]);
  const stored = await store(deps, pending);
  const taken = pending.filter((work) => stored || !needsStore(work));
  await countCrashes(deps, taken);
  return taken.map(({ delivery }) => delivery);
}

async function workOf(deps: ParkDeps, delivery: SentDelivery): Promise<Work> {
  const nothing = { delivery, letters: [], settlements: [], resend: [] };
  const message = readMessage(delivery.body);
  switch (message.kind) {
    case "letters":
      return { ...nothing, letters: message.letters };
    case "settlements":
      return { ...nothing, settlements: message.settlements };
    case "parcel":
      return { ...nothing, ...(await splitParcel(deps, message, delivery)) };
    case "unreadable":
      return { ...nothing, letters: [await letterOfUnreadable(deps, delivery)] };
  }
}

/**
 * A parcel that the platform put here, because its consumer died every time it was delivered. It does not say which
 * record is to blame, so each goes to the queue of suspects, which are delivered one at a time: what was fine ends as it
 * should, and what kills the consumer comes back here by itself, and is parked.
 */
async function splitParcel(
  deps: ParkDeps,
  { records, traceparent }: Parcel,
  { timestamp }: SentDelivery,
): Promise<Pick<Work, "letters" | "resend">> {
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
    letters: await Promise.all(suspects.map((record) => letterOf(record, crash))),
    resend: packParcels(
      others.map((record) => ({ ...record, suspect: true as const })),
      { isolated: true, ...(traceparent && { traceparent }) },
    ),
  };
}

/** A body of no kind we know has no topic and no event id that could be trusted: its content is its identity. */
async function letterOfUnreadable(deps: ParkDeps, { body, timestamp }: SentDelivery): Promise<Letter> {
  const record: QueuedRecord = { topic: "unknown", key: null, ...wholeOf(body), receivedAtMs: timestamp.getTime() };
  log("error", "park.unreadable");
  const letter = await letterOf(record, {
    stage: "consume",
    failure: {
      reason: "fault",
      error: { name: "UnreadableMessage", message: "the dead-letter queue held a message of no kind we know" },
    },
    failedAtMs: timestamp.getTime(),
    workerVersion: deps.workerVersion,
  });
  // Wrapped in a list, so that no member of the body is taken for an event id.
  return { ...letter, id: await letterIdOf({ ...record, value: JSON.stringify([record.value]) }) };
}

/** All that a body holds, as a record's value: JSON, or base64 where it is bytes. */
function wholeOf(body: unknown): Pick<QueuedRecord, "value" | "encoding"> {
  if (body instanceof ArrayBuffer) {
    return { value: base64Of(new Uint8Array(body)), encoding: "base64" };
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
  log("error", "park.queue_refused", { parcels: resend.length, sent, ...faultOf(fault) });
  return false;
}

/** @returns whether D1 took all of it. */
async function store({ letters }: ParkDeps, works: readonly Work[]): Promise<boolean> {
  try {
    await letters.park(works.flatMap((work) => work.letters));
    await letters.settle(works.flatMap((work) => work.settlements));
    return true;
  } catch (thrown) {
    log("error", "park.failed", { messages: works.length, ...faultOf(thrown) });
    return false;
  }
}

const needsStore = ({ letters, settlements }: Work): boolean => letters.length + settlements.length > 0;

/** Whoever writes a letter counts it, and crash letters are written here. */
async function countCrashes({ metrics }: ParkDeps, works: readonly Work[]): Promise<void> {
  const crashes = new Tally<`${string} crash`>();
  for (const { record, failure } of works.flatMap(({ letters }) => letters)) {
    if (failure.reason === "crash") crashes.add(`${record.topic} crash`);
  }
  if (crashes.total === 0) return;
  try {
    await metrics.report({ deadLettered: crashes.toCounts() });
  } catch (thrown) {
    // A count is not worth handling the letters again.
    log("warn", "metrics.lost", faultOf(thrown));
  }
}
