import { MAX_REPLAYED_BYTES } from "../../src/shared/desk/plan.ts";
import { jsonBytes, sendAll } from "../../src/shared/queue/pack.ts";
import { type Parcel, packParcels, type QueuedRecord } from "../../src/shared/queue/parcel.ts";
import type { DeadLetterRepository, StoredLetter } from "../../src/shared/repositories/dead-letter.ts";
import { faultOf, log } from "../../src/shared/telemetry/log.ts";
import type { MetricsSink } from "../../src/shared/telemetry/metrics.ts";

export type ReplayDeps = {
  readonly letters: Pick<DeadLetterRepository, "find" | "claim" | "release">;
  readonly events: Pick<Queue<Parcel>, "sendBatch">;
  readonly metrics: MetricsSink;
  readonly now: () => number;
};

export type Replayed =
  | { readonly kind: "sent"; readonly letter: StoredLetter }
  | { readonly kind: "unknown" }
  | { readonly kind: "already_replaying" }
  /** Its value was let go of. */
  | { readonly kind: "emptied" }
  /** Discarded letters are restored first; resolved and quarantined ones have to be forced. */
  | { readonly kind: "closed"; readonly letter: StoredLetter }
  /** No queue message can carry it. */
  | { readonly kind: "too_large" }
  | { readonly kind: "not_sent" };

/**
 * Sends a letter's record to our consumer once more; nothing else hears of it. The consumer answers with a settlement,
 * which closes the letter, or with a letter of the same id, which opens it again. Where neither comes back, it may be
 * replayed again after `REPLAY_LEASE_MS`.
 */
export async function replay(deps: ReplayDeps, id: string, force: boolean): Promise<Replayed> {
  const { letters } = deps;
  const known = await letters.find(id);
  if (!known) return { kind: "unknown" };
  if (isTooLarge(replayedRecordOf(known))) return { kind: "too_large" };
  const claim = { runId: crypto.randomUUID(), nowMs: deps.now(), force };
  const [claimed] = await letters.claim([id], claim);
  if (claimed === undefined) {
    // As it is now: another may have been faster.
    const letter = (await letters.find(id)) ?? known;
    if (letter.state === "replaying") return { kind: "already_replaying" };
    return letter.emptiedAtMs === null ? { kind: "closed", letter } : { kind: "emptied" };
  }
  // Read after the claim, so that what is sent is what was claimed.
  const sent = await send(deps, id);
  if (!sent) {
    await putBack(deps, id, claim.nowMs);
    return { kind: "not_sent" };
  }
  await countReplay(deps, sent);
  return { kind: "sent", letter: sent };
}

async function send({ letters, events }: ReplayDeps, id: string): Promise<StoredLetter | undefined> {
  try {
    const letter = await letters.find(id);
    if (!letter) return undefined;
    const { traceparent } = letter;
    const trace = traceparent === null ? {} : { traceparent };
    const { fault } = await sendAll(events, packParcels([replayedRecordOf(letter)], { isolated: true, ...trace }));
    if (fault === undefined) return letter;
    log("error", "replay.queue_refused", { letterId: id, ...faultOf(fault) });
  } catch (thrown) {
    log("error", "replay.failed", { letterId: id, ...faultOf(thrown) });
  }
  return undefined;
}

/** Whether a record is more than a queue message could carry, with the parcel around it. */
const isTooLarge = (record: QueuedRecord): boolean => jsonBytes(record) > MAX_REPLAYED_BYTES;

/**
 * The record as it came, or as it was edited, with a clean sheet: what failed before says nothing about this time. An
 * edit changes its value and never its event id or version.
 */
export function replayedRecordOf({ id, record, edited }: StoredLetter): QueuedRecord {
  const { attempts: _, suspect: __, merged: ___, ...original } = record;
  if (edited === null) return { ...original, letterId: id };
  const { encoding: ____, ...unencoded } = original;
  return { ...unencoded, value: edited, letterId: id };
}

async function putBack({ letters }: ReplayDeps, id: string, nowMs: number): Promise<void> {
  try {
    await letters.release([id], { nowMs });
  } catch (thrown) {
    // The claim then runs out by itself.
    log("error", "replay.put_back_failed", { letterId: id, ...faultOf(thrown) });
  }
}

async function countReplay({ metrics }: ReplayDeps, { id, record }: StoredLetter): Promise<void> {
  try {
    await metrics.report({ replayed: { [record.topic]: 1 } });
  } catch (thrown) {
    log("warn", "metrics.lost", { letterId: id, ...faultOf(thrown) });
  }
}
