import { findContract } from "../../src/shared/contracts/index.ts";
import { type Parsed, parseRecord, type Rejection } from "../../src/shared/contracts/parse.ts";
import { type DeadLetterMessage, type Letter, letterIdOf, packLetters } from "../../src/shared/queue/letter.ts";
import { sendAll } from "../../src/shared/queue/pack.ts";
import { type Parcel, packParcels, type QueuedRecord, valueTextOf } from "../../src/shared/queue/parcel.ts";
import { faultOf, log } from "../../src/shared/telemetry/log.ts";
import { type MetricsReport, Tally } from "../../src/shared/telemetry/metrics.ts";

export type AcceptDeps = {
  readonly events: Pick<Queue<Parcel>, "sendBatch">;
  readonly deadLetters: Pick<Queue<DeadLetterMessage>, "sendBatch">;
  readonly now: () => number;
  readonly workerVersion: string;
};

/** What the client is told of one record. Everything but `refused` is in a queue when the client reads it. */
export type Receipt =
  | { readonly kind: "accepted" }
  | { readonly kind: "deadLettered"; readonly rejection: Rejection }
  /** The queue did not take it; the client still has it and should send it again. */
  | { readonly kind: "refused" };

export type Accepted = { readonly receipts: readonly Receipt[]; readonly report: MetricsReport };

/** A record as a protocol handed it over, with its value parsed where the protocol had to parse it anyway. */
export type Incoming = Omit<QueuedRecord, "receivedAtMs">;

/**
 * Judges records by their contracts and hands each to a queue: the good ones in parcels to the consumer, the others as
 * letters to the dead letters. Returns only when the queues have answered; a record is never sent behind the response.
 */
export async function accept(deps: AcceptDeps, incoming: readonly Incoming[], traceparent?: string): Promise<Accepted> {
  const receivedAtMs = deps.now();
  const records = incoming.map((record): QueuedRecord => ({ ...record, receivedAtMs }));
  const judged = records.map((record) => judge(record, receivedAtMs));
  const good = records.filter((_, i) => judged[i]?.ok);
  const parcelsSent = await sendParcels(deps, good, traceparent);
  const receipts: Receipt[] = [];
  const rejected: { index: number; letter: Letter }[] = [];
  let seen = 0;
  for (const [index, record] of records.entries()) {
    const parsed = judged[index] as Parsed;
    if (parsed.ok) {
      receipts.push({ kind: seen++ < parcelsSent ? "accepted" : "refused" });
    } else {
      receipts.push({ kind: "deadLettered", rejection: parsed.rejection });
      rejected.push({ index, letter: await letterFor(deps, record, parsed.rejection, receivedAtMs, traceparent) });
    }
  }
  // With the queue gone the client will come back with everything, so its letters can wait for that too.
  const queueIsGone = good.length > 0 && parcelsSent === 0;
  const lettersSent = queueIsGone
    ? 0
    : await sendLetters(
        deps,
        rejected.map(({ letter }) => letter),
      );
  for (const { index } of rejected.slice(lettersSent)) receipts[index] = { kind: "refused" };
  return { receipts, report: reportOf(records, receipts) };
}

/** What a strict client wants to know before anything is sent: the records that would be dead-lettered. */
export const rejectionsAmong = (incoming: readonly Incoming[], nowMs: number): (Rejection | undefined)[] =>
  incoming.map((record) => {
    const parsed = judge({ ...record, receivedAtMs: nowMs }, nowMs);
    return parsed.ok ? undefined : parsed.rejection;
  });

const judge = (record: QueuedRecord, nowMs: number): Parsed => parseRecord(record.topic, valueTextOf(record), nowMs);

/** @returns how many records, counted from the first, the queue has taken */
async function sendParcels(deps: AcceptDeps, records: readonly QueuedRecord[], traceparent?: string): Promise<number> {
  const parcels = packParcels(records, traceparent === undefined ? {} : { traceparent });
  const { sent, fault } = await sendAll(deps.events, parcels);
  if (fault !== undefined) log("error", "ingest.events_refused", { parcels: parcels.length, sent, ...faultOf(fault) });
  return parcels.slice(0, sent).reduce((count, parcel) => count + parcel.records.length, 0);
}

async function sendLetters(deps: AcceptDeps, letters: readonly Letter[]): Promise<number> {
  const messages = packLetters(letters);
  const { sent, fault } = await sendAll(deps.deadLetters, messages);
  if (fault !== undefined) log("error", "ingest.letters_refused", { letters: letters.length, sent, ...faultOf(fault) });
  return messages
    .slice(0, sent)
    .reduce((count, message) => count + (message.kind === "letters" ? message.letters.length : 0), 0);
}

async function letterFor(
  deps: AcceptDeps,
  record: QueuedRecord,
  rejection: Rejection,
  failedAtMs: number,
  traceparent: string | undefined,
): Promise<Letter> {
  const contractVersion = findContract(record.topic, failedAtMs)?.version;
  return {
    id: await letterIdOf(record),
    record,
    stage: "ingest",
    failure: rejection,
    failedAtMs,
    workerVersion: deps.workerVersion,
    ...(contractVersion !== undefined && { contractVersion }),
    ...(traceparent !== undefined && { traceparent }),
  };
}

function reportOf(records: readonly QueuedRecord[], receipts: readonly Receipt[]): MetricsReport {
  const accepted = new Tally();
  const deadLettered = new Tally<`${string} ${Rejection["reason"]}`>();
  receipts.forEach((receipt, i) => {
    const topic = (records[i] as QueuedRecord).topic;
    if (receipt.kind !== "refused") accepted.add(topic);
    if (receipt.kind === "deadLettered") deadLettered.add(`${topic} ${receipt.rejection.reason}`);
  });
  return { accepted: accepted.toCounts(), deadLettered: deadLettered.toCounts() };
}
