import type { Rejection } from "#contracts/parse.ts";
import { jsonBytes } from "#json/pack.ts";
import { createLetter, type DeadLetterMessage, type Letter, packLetters } from "#letters/letter.ts";
import { stampOf } from "#queue/contract-version.ts";
import { inLane, type Lane } from "#queue/lane.ts";
import { type BatchSender, type QueueBacklog, sendAll } from "#queue/pack.ts";
import { compact, type Parcel, packParcels, type QueuedRecord } from "#queue/parcel.ts";
import { findRejection, type ReadRecord, readRecord } from "#queue/rejection.ts";
import { describeFault, log } from "#telemetry/log.ts";
import { type MetricsReport, Tally } from "#telemetry/metrics.ts";
import { NOT_TAKEN } from "./errors.ts";

export type AcceptDeps = {
  readonly lane: Lane;
  /** The queue of that lane. */
  readonly events: BatchSender<Parcel>;
  readonly deadLetters: BatchSender<DeadLetterMessage>;
  /** Writes letters to D1 directly, as the dead-letter Worker would: for those that are too large for a queue message. */
  readonly parkDirectly: (letters: readonly Letter[]) => Promise<void>;
  readonly now: () => number;
  readonly workerVersion: string;
};

/** A record as a protocol has read it. */
export type Incoming = Omit<QueuedRecord, "receivedAtMs">;

/** One entry of a request, as a protocol has read it: a record, or the reason why it cannot be one. */
export type Entry = ReadableEntry | RefusedEntry;

type ReadableEntry = { readonly kind: "record" } & ReadRecord;

/** Not stored anywhere: the client has to send it again, or correct it. The code is the REST Proxy's. */
export type RefusedEntry = { readonly kind: "refused"; readonly code: number; readonly message: string };

export const refusedEntry = ({ code, message }: { code: number; message: string }): RefusedEntry => ({
  kind: "refused",
  code,
  message,
});

/** The result of one entry, for the client. All but `refused` are in a queue before the response is sent. */
export type Receipt =
  | { readonly kind: "accepted" }
  | { readonly kind: "deadLettered"; readonly rejection: Rejection }
  | RefusedEntry;

export type Accepted = {
  /** One for each entry, in order. */
  readonly receipts: readonly Receipt[];
  readonly report: MetricsReport;
  readonly backlog?: QueueBacklog | undefined;
  /** The queues took none of the records. */
  readonly queueIsDown: boolean;
};

/**
 * Checks records against their contracts and sends them to the queues: valid ones in parcels to the consumer, invalid
 * ones as letters to the dead letters. Returns once the queues have answered: nothing is sent after the response.
 */
export async function accept(deps: AcceptDeps, entries: readonly Entry[], traceparent?: string): Promise<Accepted> {
  const receivedAtMs = deps.now();
  const judged = entries.map((entry): Judged => {
    if (entry.kind === "refused") return entry;
    const compacted = compact({ ...entry.record, receivedAtMs });
    const { rejection, version } = readRecord({ ...entry, record: compacted }, receivedAtMs);
    const record = { ...compacted, ...stampOf(version) };
    return rejection ? { kind: "bad", record, rejection } : { kind: "good", record };
  });
  const good = judged.filter((each) => each.kind === "good");
  const parcels = packParcels(
    good.map(({ record }) => record),
    { ...inLane(deps.lane), ...(traceparent !== undefined && { traceparent }) },
  );
  const { sent, fault, backlog } = await sendAll(deps.events, parcels);
  if (fault !== undefined)
    log("error", "ingest.events_refused", { parcels: parcels.length, sent, ...describeFault(fault) });
  const taken = new Set<Judged>(good.slice(0, recordsIn(parcels.slice(0, sent))));
  // If the queue took no valid record, the client will retry the whole request, and its letters with it.
  const bad = good.length > 0 && taken.size === 0 ? [] : judged.filter((each) => each.kind === "bad");
  for (const each of await sendLetters(deps, bad, traceparent)) taken.add(each);
  const receipts = judged.map((each): Receipt => {
    if (each.kind === "refused") return each;
    if (!taken.has(each)) return refusedEntry(NOT_TAKEN);
    return each.kind === "good" ? { kind: "accepted" } : { kind: "deadLettered", rejection: each.rejection };
  });
  const queueIsDown = taken.size === 0 && judged.some(({ kind }) => kind !== "refused");
  return {
    receipts,
    report: toReport(
      deps.lane,
      judged.filter((each) => taken.has(each)),
    ),
    backlog,
    queueIsDown,
  };
}

type Judged =
  | { readonly kind: "good"; readonly record: QueuedRecord }
  | { readonly kind: "bad"; readonly record: QueuedRecord; readonly rejection: Rejection }
  | RefusedEntry;

/** For `strict=1`: the first entry that would not be accepted, if any. */
export function firstProblem(
  entries: readonly Entry[],
  nowMs: number,
): { readonly index: number; readonly problem: Rejection | RefusedEntry } | undefined {
  for (const [index, entry] of entries.entries()) {
    if (entry.kind === "refused") return { index, problem: entry };
    const rejection = findRejection(entry, nowMs);
    if (rejection) return { index, problem: rejection };
  }
  return undefined;
}

const recordsIn = (parcels: readonly Parcel[]): number =>
  parcels.reduce((count, { records }) => count + records.length, 0);

/** Larger letters do not go through the queue, whose messages may have 128 KB. */
const MAX_QUEUED_LETTER_BYTES = 110_000;

type Bad = Extract<Judged, { kind: "bad" }>;

/** @returns those whose letters are stored or in the queue */
async function sendLetters(deps: AcceptDeps, bad: readonly Bad[], traceparent?: string): Promise<Bad[]> {
  const { workerVersion } = deps;
  const written: Written[] = await Promise.all(
    bad.map(async (each) => {
      const { record, rejection } = each;
      const failedAtMs = record.receivedAtMs;
      const circumstances = { stage: "ingest", failure: rejection, failedAtMs, workerVersion, traceparent } as const;
      return { each, letter: await createLetter(record, circumstances) };
    }),
  );
  countRepeats(written);
  const isLarge = ({ letter }: { letter: Letter }) => jsonBytes(letter) > MAX_QUEUED_LETTER_BYTES;
  const queued = written.filter((one) => !isLarge(one));
  const messages = packLetters(queued.map(({ letter }) => letter));
  const { sent, fault } = await sendAll(deps.deadLetters, messages);
  if (fault !== undefined)
    log("error", "ingest.letters_refused", { letters: queued.length, sent, ...describeFault(fault) });
  const lettersSent = messages
    .slice(0, sent)
    .reduce((count, message) => count + (message.kind === "letters" ? message.letters.length : 0), 0);
  const large = await park(deps, written.filter(isLarge));
  return [...queued.slice(0, lettersSent), ...large].map(({ each }) => each);
}

type Written = { readonly each: Bad; letter: Letter };

/**
 * Letters of one id and one time are taken for one failure that was delivered twice. So records of a request that are
 * the same, such as two empty lines, failed a millisecond apart.
 */
function countRepeats(written: Written[]): void {
  const seen = new Map<string, number>();
  for (const one of written) {
    const repeats = seen.get(one.letter.id) ?? 0;
    seen.set(one.letter.id, repeats + 1);
    if (repeats > 0) one.letter = { ...one.letter, failedAtMs: one.letter.failedAtMs + repeats };
  }
}

async function park<T extends { letter: Letter }>(deps: AcceptDeps, large: readonly T[]): Promise<readonly T[]> {
  if (large.length === 0) return [];
  try {
    await deps.parkDirectly(large.map(({ letter }) => letter));
    return large;
  } catch (thrown) {
    log("error", "ingest.letters_refused", { letters: large.length, sent: 0, ...describeFault(thrown) });
    return [];
  }
}

function toReport(lane: Lane, taken: readonly Judged[]): MetricsReport {
  const accepted = new Tally();
  const deadLettered = new Tally<`${string} ${Rejection["reason"]}`>();
  for (const each of taken) {
    if (each.kind === "refused") continue;
    accepted.add(each.record.topic);
    if (each.kind === "bad") deadLettered.add(`${each.record.topic} ${each.rejection.reason}`);
  }
  const report = { accepted: accepted.toCounts(), deadLettered: deadLettered.toCounts() };
  if (lane === "live") return report;
  return { ...report, backfillAccepted: report.accepted, backfillSettled: report.deadLettered };
}
