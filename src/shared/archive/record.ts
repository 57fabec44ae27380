import type { ConcordEvent, DeviceKey } from "#domain/event.ts";
import { MERGE_OUTCOMES, type MergeOutcome, type Outcome } from "#domain/outcome.ts";
import type { Version } from "#domain/version.ts";
import type { Lane } from "#queue/lane.ts";
import type { QueuedRecord } from "#queue/parcel.ts";
import type { ReceivedRecord } from "#queue/receipt.ts";

/** What of a record never changes, from its acceptance on. The texts are exactly as they were received. */
type Content = Pick<
  QueuedRecord,
  | "topic"
  | "key"
  | "keyEncoding"
  | "value"
  | "encoding"
  | "headers"
  | "partition"
  | "offset"
  | "timestampMs"
  | "receivedAtMs"
  | "letterId"
>;

/**
 * A record as the consumer settled it. The archive is a set of records by receipt: a record that was delivered again may be
 * in it more than once, and {@link oneOfCopies} says which one counts. To read it again, hand it to `parseStamped`.
 */
export type ArchivedRecord = Content & {
  /** Its identity as it was accepted: `receiptOf`. */
  readonly receipt: string;
  /** The version of its contract that the boundary read it by. */
  readonly contractVersion: number;
  readonly outcome: Outcome;
  /** Of a dead letter, set if D1 holds it all the same: only its device's object, or its dealer's feed, failed on it. */
  readonly merged?: MergeOutcome;
  readonly settledAtMs: number;
  readonly lane?: Extract<Lane, "backfill">;
  /** The device and the version of its event; `null` if its contract refuses it. */
  readonly deviceKey: DeviceKey | null;
  readonly version: Version | null;
};

export type Settled = {
  /** `null` if its contract refuses the record. */
  readonly event: Pick<ConcordEvent, "deviceKey" | "version"> | null;
  readonly outcome: Outcome;
  readonly settledAtMs: number;
  readonly lane: Lane;
};

export const toArchived = (record: ReceivedRecord, { event, outcome, settledAtMs, lane }: Settled): ArchivedRecord => ({
  receipt: record.receipt,
  ...contentOf(record),
  contractVersion: record.contractVersion ?? 1,
  outcome,
  ...(outcome === "deadLettered" && record.merged && { merged: record.merged }),
  settledAtMs,
  ...(lane === "backfill" && { lane }),
  deviceKey: event?.deviceKey ?? null,
  version: event?.version ?? null,
});

/** Always in the same order, and without members that the record does not have: it is hashed. */
export function contentOf(record: Content): Content {
  const { topic, key, keyEncoding, value, encoding, headers, partition, offset, timestampMs, receivedAtMs, letterId } =
    record;
  return {
    topic,
    key,
    ...(keyEncoding && { keyEncoding }),
    value,
    ...(encoding && { encoding }),
    ...(headers && { headers }),
    ...(partition !== undefined && { partition }),
    ...(offset !== undefined && { offset }),
    ...(timestampMs !== undefined && { timestampMs }),
    receivedAtMs,
    ...(letterId !== undefined && { letterId }),
  };
}

/** Whether D1 has taken the record, so that whatever is folded from the archive must have it too. */
export const isMerged = ({ outcome, merged }: Pick<ArchivedRecord, "outcome" | "merged">): boolean =>
  outcome !== "deadLettered" || merged !== undefined;

/**
 * Of two copies of one record the one that counts, whichever is read first: one that was merged before one that was not,
 * one that changed something before its own repetition, and of equal ones the one that was settled first.
 */
export function oneOfCopies(a: ArchivedRecord, b: ArchivedRecord): ArchivedRecord {
  const order = rankOf(a) - rankOf(b) || a.settledAtMs - b.settledAtMs;
  return order <= 0 ? a : b;
}

/** Of dead letters, those that D1 holds come first. */
function rankOf(record: ArchivedRecord): number {
  const { outcome } = record;
  if (outcome !== "deadLettered") return MERGE_OUTCOMES.indexOf(outcome);
  return MERGE_OUTCOMES.length + (isMerged(record) ? 0 : 1);
}
