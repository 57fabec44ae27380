import { jsonBytes, sendAll } from "../../src/shared/queue/pack.ts";
import { type Parcel, packParcels, type QueuedRecord } from "../../src/shared/queue/parcel.ts";
import type { DeadLetterRepository, StoredLetter } from "../../src/shared/repositories/dead-letter.ts";
import { faultOf, log } from "../../src/shared/telemetry/log.ts";
import type { MetricsSink } from "../../src/shared/telemetry/metrics.ts";

export type ReplayDeps = {
  readonly letters: Pick<DeadLetterRepository, "find" | "markReplaying" | "unmarkReplaying">;
  readonly events: Pick<Queue<Parcel>, "sendBatch">;
  readonly metrics: MetricsSink;
  readonly now: () => number;
};

export type Replayed =
  | { readonly kind: "sent"; readonly letter: StoredLetter }
  | { readonly kind: "unknown" }
  | { readonly kind: "already_replaying" }
  /** No queue message can carry it. */
  | { readonly kind: "too_large" }
  | { readonly kind: "not_sent" };

/**
 * Sends a letter's record to our consumer once more; nothing else hears of it. The consumer answers with a settlement,
 * which closes the letter, or with a letter of the same id, which opens it again. Where neither comes back, it may be
 * replayed again after `REPLAY_LEASE_MS`.
 */
export async function replay(deps: ReplayDeps, id: string): Promise<Replayed> {
  const { letters } = deps;
  const known = await letters.find(id);
  if (known && parcelsOf(known).some((parcel) => jsonBytes(parcel) > MAX_MESSAGE_BYTES)) return { kind: "too_large" };
  const markedAtMs = deps.now();
  if (!(await letters.markReplaying(id, markedAtMs))) {
    return known ? { kind: "already_replaying" } : { kind: "unknown" };
  }
  // Read after the claim, so that what is sent is what was claimed.
  const sent = await send(deps, id);
  if (!sent) {
    await putBack(deps, id, markedAtMs);
    return { kind: "not_sent" };
  }
  await countReplay(deps, sent);
  return { kind: "sent", letter: sent };
}

async function send({ letters, events }: ReplayDeps, id: string): Promise<StoredLetter | undefined> {
  try {
    const letter = await letters.find(id);
    if (!letter) return undefined;
    const { fault } = await sendAll(events, parcelsOf(letter));
    if (fault === undefined) return letter;
    log("error", "replay.queue_refused", { letterId: id, ...faultOf(fault) });
  } catch (thrown) {
    log("error", "replay.failed", { letterId: id, ...faultOf(thrown) });
  }
  return undefined;
}

/** A queue message has 128 KB: developers.cloudflare.com/queues/platform/limits */
const MAX_MESSAGE_BYTES = 127_000;

/** The record as it was, with a clean sheet: what failed before says nothing about this time. */
function parcelsOf({ id, record, traceparent }: StoredLetter): Parcel[] {
  const { attempts: _, suspect: __, merged: ___, ...original } = record;
  const replayed: QueuedRecord = { ...original, letterId: id };
  return packParcels([replayed], { isolated: true, ...(traceparent !== null && { traceparent }) });
}

async function putBack({ letters }: ReplayDeps, id: string, markedAtMs: number): Promise<void> {
  try {
    await letters.unmarkReplaying(id, markedAtMs);
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
