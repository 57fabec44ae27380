import { MAX_REPLAYED_BYTES } from "../../src/shared/desk/plan.ts";
import { jsonBytes, sendAll } from "../../src/shared/queue/pack.ts";
import { type Parcel, packParcels, type QueuedRecord } from "../../src/shared/queue/parcel.ts";
import type { Claim, DeadLetterRepository, StoredLetter } from "../../src/shared/repositories/dead-letter.ts";
import { faultOf, log } from "../../src/shared/telemetry/log.ts";
import { type MetricsSink, Tally } from "../../src/shared/telemetry/metrics.ts";

export type SendDeps = {
  readonly letters: Pick<DeadLetterRepository, "claim" | "findInParts" | "release">;
  readonly events: Pick<Queue<Parcel>, "sendBatch">;
  readonly metrics: MetricsSink;
};

/** How letters are sent. */
type Sending = {
  readonly claim: Claim;
  readonly parcelsOf: (letters: readonly StoredLetter[]) => Parcel[];
  /** Hears of the ids that are claimed before any is sent. */
  readonly onClaimed?: (ids: readonly string[]) => void;
  /** Hears of the claimed ids that could not be sent before they are given back. */
  readonly onKept?: (ids: readonly string[]) => void;
};

/**
 * Sends records of letters to our consumer once more: claims the letters, reads them as they are then, sends them, and
 * gives those back that could not be sent.
 * @returns the ids that were claimed, and those of them that were given back
 * @throws whatever D1 throws at the claim; then nothing was sent
 */
export async function sendLetters(
  { letters, events, metrics }: SendDeps,
  ids: readonly string[],
  { claim, parcelsOf, onClaimed, onKept }: Sending,
): Promise<{ readonly claimed: readonly string[]; readonly kept: readonly string[] }> {
  const claimed = await letters.claim(ids, claim);
  onClaimed?.(claimed);
  const sent = new Set<string | undefined>();
  const replayed = new Tally();
  let fault: unknown;
  try {
    // Read after the claim, so that what is sent is what was claimed.
    for await (const part of letters.findInParts(claimed)) {
      const parcels = parcelsOf(part);
      const answer = await sendAll(events, parcels);
      for (const { topic, letterId } of parcels.slice(0, answer.sent).flatMap(({ records }) => records)) {
        sent.add(letterId);
        replayed.add(topic);
      }
      fault = answer.fault;
      if (fault !== undefined) break;
    }
  } catch (thrown) {
    fault = thrown;
  }
  if (replayed.total > 0) {
    await metrics
      .report({ replayed: replayed.toCounts() })
      .catch((thrown: unknown) => log("warn", "metrics.lost", faultOf(thrown)));
  }
  if (fault === undefined) return { claimed, kept: [] };
  const kept = claimed.filter((id) => !sent.has(id));
  const whose = { runId: claim.runId, letterId: kept[0], letters: kept.length };
  log("error", "replay.not_sent", { ...whose, ...faultOf(fault) });
  onKept?.(kept);
  // Where it fails the claims run out by themselves, and whoever holds them may claim again.
  await letters
    .release(kept, claim)
    .catch((thrown: unknown) => log("error", "replay.put_back_failed", { ...whose, ...faultOf(thrown) }));
  return { claimed, kept };
}

export type ReplayDeps = SendDeps & {
  readonly letters: Pick<DeadLetterRepository, "find">;
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
  let sending: StoredLetter | undefined;
  const { claimed, kept } = await sendLetters(deps, [id], {
    claim: { runId: crypto.randomUUID(), nowMs: deps.now(), force },
    parcelsOf: (found) => {
      sending = found[0];
      return found.flatMap(parcelsOfOne);
    },
  });
  if (claimed.length === 0) {
    // As it is now: another may have been faster.
    const letter = (await letters.find(id)) ?? known;
    if (letter.state === "replaying") return { kind: "already_replaying" };
    return letter.emptiedAtMs === null ? { kind: "closed", letter } : { kind: "emptied" };
  }
  return sending && kept.length === 0 ? { kind: "sent", letter: sending } : { kind: "not_sent" };
}

const parcelsOfOne = (letter: StoredLetter): Parcel[] =>
  packParcels([replayedRecordOf(letter)], {
    isolated: true,
    ...(letter.traceparent !== null && { traceparent: letter.traceparent }),
  });

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
