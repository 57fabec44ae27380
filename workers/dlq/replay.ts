import { jsonBytes } from "#json/pack.ts";
import { isCutShort } from "#letters/letter.ts";
import { MAX_REPLAYED_BYTES } from "#letters/plan.ts";
import type { Claim, DeadLetterRepository, StoredLetter } from "#letters/repositories/dead-letter.ts";
import { sendAll } from "#queue/pack.ts";
import { type Parcel, packParcels, type QueuedRecord } from "#queue/parcel.ts";
import { describeFault, log } from "#telemetry/log.ts";
import { type MetricsSink, Tally } from "#telemetry/metrics.ts";

export type SendDeps = {
  readonly letters: Pick<DeadLetterRepository, "claim" | "findInParts" | "release">;
  readonly events: Pick<Queue<Parcel>, "sendBatch">;
  readonly metrics: MetricsSink;
};

/** How letters are claimed and packed, and the callbacks of the caller. */
type Sending = {
  readonly claim: Claim;
  readonly toParcels: (letters: readonly StoredLetter[]) => Parcel[];
  /** Called with the claimed ids, before any is sent. */
  readonly onClaimed?: (ids: readonly string[]) => void;
  /** Called with the claimed ids that could not be sent, before they are released. */
  readonly onKept?: (ids: readonly string[]) => void;
};

/**
 * Sends the records of letters to the consumer again: claims the letters, reads them, sends them, and releases those
 * that could not be sent.
 * @returns the ids that were claimed, and those of them that were not sent
 * @throws what D1 throws at the claim; nothing was sent then
 */
export async function sendLetters(
  { letters, events, metrics }: SendDeps,
  ids: readonly string[],
  { claim, toParcels, onClaimed, onKept }: Sending,
): Promise<{ readonly claimed: readonly string[]; readonly kept: readonly string[] }> {
  const claimed = await letters.claim(ids, claim);
  onClaimed?.(claimed);
  const sent = new Set<string | undefined>();
  const replayed = new Tally();
  let fault: unknown;
  try {
    // Read after the claim, so that what is sent is what was claimed.
    for await (const part of letters.findInParts(claimed)) {
      const parcels = toParcels(part);
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
      .catch((thrown: unknown) => log("warn", "metrics.lost", describeFault(thrown)));
  }
  if (fault === undefined) return { claimed, kept: [] };
  const kept = claimed.filter((id) => !sent.has(id));
  const whose = { runId: claim.runId, letterId: kept[0], letters: kept.length };
  log("error", "replay.not_sent", { ...whose, ...describeFault(fault) });
  onKept?.(kept);
  // If this fails, the claims expire by themselves; their holder may claim the letters again before that.
  await letters
    .release(kept, claim)
    .catch((thrown: unknown) => log("error", "replay.put_back_failed", { ...whose, ...describeFault(thrown) }));
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
  /** Its value has been deleted. */
  | { readonly kind: "emptied" }
  /** Only the beginning of its value was stored. */
  | { readonly kind: "cut_short" }
  /** Discarded letters have to be restored first; resolved and quarantined ones can be forced. */
  | { readonly kind: "closed"; readonly letter: StoredLetter }
  /** No queue message can carry it. */
  | { readonly kind: "too_large" }
  | { readonly kind: "not_sent" };

/**
 * Sends a letter's record to the consumer again. The consumer answers with a settlement, which closes the letter, or
 * with a letter of the same id, which opens it again. If neither arrives, it may be replayed again after
 * `REPLAY_LEASE_MS`.
 */
export async function replay(deps: ReplayDeps, id: string, force: boolean): Promise<Replayed> {
  const { letters } = deps;
  const known = await letters.find(id);
  if (!known) return { kind: "unknown" };
  if (isCutShort(known.failure)) return { kind: "cut_short" };
  if (isTooLarge(toReplayedRecord(known))) return { kind: "too_large" };
  let sending: StoredLetter | undefined;
  const { claimed, kept } = await sendLetters(deps, [id], {
    claim: { runId: crypto.randomUUID(), nowMs: deps.now(), force },
    toParcels: (found) => {
      sending = found[0];
      return found.flatMap(toIsolatedParcels);
    },
  });
  if (claimed.length === 0) {
    // Read again: another caller may have claimed it first.
    const letter = (await letters.find(id)) ?? known;
    if (letter.state === "replaying") return { kind: "already_replaying" };
    return letter.emptiedAtMs === null ? { kind: "closed", letter } : { kind: "emptied" };
  }
  return sending && kept.length === 0 ? { kind: "sent", letter: sending } : { kind: "not_sent" };
}

const toIsolatedParcels = (letter: StoredLetter): Parcel[] =>
  packParcels([toReplayedRecord(letter)], {
    isolated: true,
    ...(letter.traceparent !== null && { traceparent: letter.traceparent }),
  });

/** Whether a record is too large for a queue message, with the parcel around it. */
const isTooLarge = (record: QueuedRecord): boolean => jsonBytes(record) > MAX_REPLAYED_BYTES;

/**
 * The record as it came, or as it was edited, without its earlier attempts: they must not count against this replay. An
 * edit changes its value and never its event id or version. A replay is accepted again, so it gets a receipt of its own.
 */
export function toReplayedRecord({ id, record, edited }: StoredLetter): QueuedRecord {
  const { attempts: _, suspect: __, merged: ___, receipt: ____, ...original } = record;
  if (edited === null) return { ...original, letterId: id };
  const { encoding: _____, ...unencoded } = original;
  return { ...unencoded, value: edited, letterId: id };
}
