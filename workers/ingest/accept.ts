import { parseRecord, type Rejection } from "../../src/shared/contracts/parse.ts";
import { type DeadLetterMessage, type Letter, letterOf, packLetters } from "../../src/shared/queue/letter.ts";
import { type BatchSender, jsonBytes, type QueueBacklog, sendAll } from "../../src/shared/queue/pack.ts";
import { compacted, type Parcel, packParcels, type QueuedRecord, valueTextOf } from "../../src/shared/queue/parcel.ts";
import { faultOf, log } from "../../src/shared/telemetry/log.ts";
import { type MetricsReport, Tally } from "../../src/shared/telemetry/metrics.ts";
import { NOT_TAKEN } from "./errors.ts";
import { beyondLimits } from "./limits.ts";

export type AcceptDeps = {
  readonly events: BatchSender<Parcel>;
  readonly deadLetters: BatchSender<DeadLetterMessage>;
  /** Writes letters straight to where the queue's consumer would: for those that no queue message could carry. */
  readonly parkDirectly: (letters: readonly Letter[]) => Promise<void>;
  readonly now: () => number;
  readonly workerVersion: string;
};

/** A record as a protocol handed it over. */
export type Incoming = Omit<QueuedRecord, "receivedAtMs">;

/** What a protocol made of one place in a request: a record, or the reason why it is none and was not kept. */
export type Entry = Readable | Refusal;

/** A record, and what `JSON.parse` makes of its value where that is known already. */
type Readable = { readonly kind: "record"; readonly record: Incoming; readonly json?: unknown };

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
  /** The queues took nothing of what they should have. */
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
    const record = compacted({ ...entry.record, receivedAtMs });
    const rejection = rejectionOf({ ...entry, record }, receivedAtMs);
    return rejection ? { kind: "bad", record, rejection } : { kind: "good", record };
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
  const bad = good.length > 0 && taken.size === 0 ? [] : judged.filter((each) => each.kind === "bad");
  for (const each of await keepLetters(deps, bad, traceparent)) taken.add(each);
  const receipts = judged.map((each): Receipt => {
    if (each.kind === "refused") return each;
    if (!taken.has(each)) return refusal(NOT_TAKEN);
    return each.kind === "good" ? { kind: "accepted" } : { kind: "deadLettered", rejection: each.rejection };
  });
  const queueIsGone = taken.size === 0 && judged.some(({ kind }) => kind !== "refused");
  return { receipts, report: reportOf(judged.filter((each) => taken.has(each))), backlog, queueIsGone };
}

type Judged =
  | { readonly kind: "good"; readonly record: QueuedRecord }
  | { readonly kind: "bad"; readonly record: QueuedRecord; readonly rejection: Rejection }
  | Refusal;

function rejectionOf({ record, json }: Readable, nowMs: number): Rejection | undefined {
  const beyond = beyondLimits(record);
  if (beyond) return beyond;
  const parsed = parseRecord({ receivedAtMs: nowMs, ...record, value: valueTextOf(record), json }, nowMs);
  return parsed.ok ? undefined : parsed.rejection;
}

/** What a strict client wants to know before anything is sent: the first entry that would not be applied, if any. */
export function firstProblem(
  entries: readonly Entry[],
  nowMs: number,
): { readonly index: number; readonly problem: Rejection | Refusal } | undefined {
  for (const [index, entry] of entries.entries()) {
    if (entry.kind === "refused") return { index, problem: entry };
    const rejection = rejectionOf(entry, nowMs);
    if (rejection) return { index, problem: rejection };
  }
  return undefined;
}

const recordsIn = (parcels: readonly Parcel[]): number =>
  parcels.reduce((count, { records }) => count + records.length, 0);

/** A letter up to this size travels through the queue, whose messages may have 128 KB. */
const MAX_QUEUED_LETTER_BYTES = 110_000;

type Bad = Extract<Judged, { kind: "bad" }>;

/** @returns those whose letter is safe now */
async function keepLetters(deps: AcceptDeps, bad: readonly Bad[], traceparent?: string): Promise<Bad[]> {
  const { workerVersion } = deps;
  const written = await Promise.all(
    bad.map(async (each) => {
      const { record, rejection } = each;
      const failedAtMs = record.receivedAtMs;
      const circumstances = { stage: "ingest", failure: rejection, failedAtMs, workerVersion, traceparent } as const;
      return { each, letter: await letterOf(record, circumstances) };
    }),
  );
  const isLarge = ({ letter }: { letter: Letter }) => jsonBytes(letter) > MAX_QUEUED_LETTER_BYTES;
  const queued = written.filter((one) => !isLarge(one));
  const messages = packLetters(queued.map(({ letter }) => letter));
  const { sent, fault } = await sendAll(deps.deadLetters, messages);
  if (fault !== undefined) log("error", "ingest.letters_refused", { letters: queued.length, sent, ...faultOf(fault) });
  const lettersSent = messages
    .slice(0, sent)
    .reduce((count, message) => count + (message.kind === "letters" ? message.letters.length : 0), 0);
  const large = await park(deps, written.filter(isLarge));
  return [...queued.slice(0, lettersSent), ...large].map(({ each }) => each);
}

async function park<T extends { letter: Letter }>(deps: AcceptDeps, large: readonly T[]): Promise<readonly T[]> {
  if (large.length === 0) return [];
  try {
    await deps.parkDirectly(large.map(({ letter }) => letter));
    return large;
  } catch (thrown) {
    log("error", "ingest.letters_refused", { letters: large.length, sent: 0, ...faultOf(thrown) });
    return [];
  }
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
