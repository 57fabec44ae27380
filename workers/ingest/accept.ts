import { findContract } from "../../src/shared/contracts/index.ts";
import { type Parsed, parseRecord, type Rejection } from "../../src/shared/contracts/parse.ts";
import { type DeadLetterMessage, type Letter, letterIdOf, packLetters } from "../../src/shared/queue/letter.ts";
import { type BatchSender, type QueueBacklog, sendAll } from "../../src/shared/queue/pack.ts";
import { type Parcel, packParcels, type QueuedRecord, valueTextOf } from "../../src/shared/queue/parcel.ts";
import { faultOf, log } from "../../src/shared/telemetry/log.ts";
import { type MetricsReport, Tally } from "../../src/shared/telemetry/metrics.ts";
import { NOT_TAKEN } from "./rest-proxy/errors.ts";

export type AcceptDeps = {
  readonly events: BatchSender<Parcel>;
  readonly deadLetters: BatchSender<DeadLetterMessage>;
  readonly now: () => number;
  readonly workerVersion: string;
};

/** A record as a protocol handed it over. */
export type Incoming = Omit<QueuedRecord, "receivedAtMs">;

/** What a protocol made of one place in a request: a record, or the reason why it is none and was not kept. */
export type Entry = { readonly kind: "record"; readonly record: Incoming } | Refusal;

/** Not kept; the client still has it. The code is the REST Proxy's. */
export type Refusal = { readonly kind: "refused"; readonly code: number; readonly message: string };

export const refusal = ({ code, message }: { code: number; message: string }): Refusal => ({
  kind: "refused",
  code,
  message,
});

/** What the client is told of one entry. Everything but `refused` is in a queue when the client reads it. */
export type Receipt =
  | { readonly kind: "accepted" }
  | { readonly kind: "deadLettered"; readonly rejection: Rejection }
  | Refusal;

export type Accepted = {
  /** One an entry, in order. */
  readonly receipts: readonly Receipt[];
  readonly report: MetricsReport;
  readonly backlog?: QueueBacklog | undefined;
  /** The queue took not one of the good records. */
  readonly queueIsGone: boolean;
};

/**
 * Judges records by their contracts and hands each to a queue: the good ones in parcels to the consumer, the others as
 * letters to the dead letters. Returns only when the queues have answered; a record is never sent behind the response.
 */
export async function accept(deps: AcceptDeps, entries: readonly Entry[], traceparent?: string): Promise<Accepted> {
  const receivedAtMs = deps.now();
  const judged = entries.map((entry): Judged => {
    if (entry.kind === "refused") return entry;
    const record = { ...entry.record, receivedAtMs };
    const parsed = judge(record, receivedAtMs);
    return parsed.ok ? { kind: "good", record } : { kind: "bad", record, rejection: parsed.rejection };
  });
  const good = judged.filter((each) => each.kind === "good");
  const parcels = packParcels(
    good.map(({ record }) => record),
    traceparent === undefined ? {} : { traceparent },
  );
  const { sent, fault, backlog } = await sendAll(deps.events, parcels);
  if (fault !== undefined) log("error", "ingest.events_refused", { parcels: parcels.length, sent, ...faultOf(fault) });
  const taken = new Set<Judged>(good.slice(0, recordsIn(parcels.slice(0, sent))));
  // With the queue gone the client will come back with everything, so its letters can wait for that too.
  const queueIsGone = good.length > 0 && taken.size === 0;
  const bad = queueIsGone ? [] : judged.filter((each) => each.kind === "bad");
  const lettersSent = await sendLetters(deps, await Promise.all(bad.map((each) => letterFor(deps, each, traceparent))));
  for (const each of bad.slice(0, lettersSent)) taken.add(each);
  const receipts = judged.map((each): Receipt => {
    if (each.kind === "refused") return each;
    if (!taken.has(each)) return refusal(NOT_TAKEN);
    return each.kind === "good" ? { kind: "accepted" } : { kind: "deadLettered", rejection: each.rejection };
  });
  return { receipts, report: reportOf(judged.filter((each) => taken.has(each))), backlog, queueIsGone };
}

type Judged =
  | { readonly kind: "good"; readonly record: QueuedRecord }
  | { readonly kind: "bad"; readonly record: QueuedRecord; readonly rejection: Rejection }
  | Refusal;

const judge = (record: QueuedRecord, nowMs: number): Parsed =>
  parseRecord({ ...record, value: valueTextOf(record) }, nowMs);

/** What a strict client wants to know before anything is sent: the first entry that would not be applied, if any. */
export function firstProblem(
  entries: readonly Entry[],
  nowMs: number,
): { readonly index: number; readonly problem: Rejection | Refusal } | undefined {
  for (const [index, entry] of entries.entries()) {
    if (entry.kind === "refused") return { index, problem: entry };
    const parsed = judge({ ...entry.record, receivedAtMs: nowMs }, nowMs);
    if (!parsed.ok) return { index, problem: parsed.rejection };
  }
  return undefined;
}

const recordsIn = (parcels: readonly Parcel[]): number =>
  parcels.reduce((count, { records }) => count + records.length, 0);

/** @returns how many letters, counted from the first, the queue has taken */
async function sendLetters({ deadLetters }: AcceptDeps, letters: readonly Letter[]): Promise<number> {
  const messages = packLetters(letters);
  const { sent, fault } = await sendAll(deadLetters, messages);
  if (fault !== undefined) log("error", "ingest.letters_refused", { letters: letters.length, sent, ...faultOf(fault) });
  return messages
    .slice(0, sent)
    .reduce((count, message) => count + (message.kind === "letters" ? message.letters.length : 0), 0);
}

async function letterFor(
  { workerVersion }: AcceptDeps,
  { record, rejection }: Extract<Judged, { kind: "bad" }>,
  traceparent: string | undefined,
): Promise<Letter> {
  const contractVersion = findContract(record.topic, record.receivedAtMs)?.version;
  return {
    id: await letterIdOf(record),
    record,
    stage: "ingest",
    failure: rejection,
    failedAtMs: record.receivedAtMs,
    workerVersion,
    ...(contractVersion !== undefined && { contractVersion }),
    ...(traceparent !== undefined && { traceparent }),
  };
}

function reportOf(taken: readonly Judged[]): MetricsReport {
  const accepted = new Tally();
  const deadLettered = new Tally<`${string} ${Rejection["reason"]}`>();
  for (const each of taken) {
    if (each.kind === "refused") continue;
    accepted.add(each.record.topic);
    if (each.kind === "bad") deadLettered.add(`${each.record.topic} ${each.rejection.reason}`);
  }
  return { accepted: accepted.toCounts(), deadLettered: deadLettered.toCounts() };
}
