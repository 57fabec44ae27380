import type { KafkaRecord, Position, TopicPartition } from "./kafka-record.ts";

/** Where records come from: brokers, or a REST proxy in front of them. */
export type Source = {
  /**
   * Joins the group. The bridge opens a session after the last one was closed, with a pause if that one failed.
   * @throws StopError where trying again cannot help: credentials, a dialect that nobody knows
   */
  readonly open: (signal: AbortSignal) => Promise<Session>;
  /** Leaves the group. */
  readonly close: () => Promise<void>;
};

/**
 * A time in which the same partitions are ours. It begins at the committed positions, and it is over at a rebalance, a
 * lost connection or an expired instance: what was not committed then comes again in the next one, maybe to another
 * member. The next session is opened when this one is closed.
 */
export type Session = {
  /**
   * Records in batches, in the order of each partition. The session keeps its membership while nobody asks for the next
   * batch, unless `pollEveryMs` is set. Throws if reading failed; another session may succeed.
   */
  readonly records: AsyncIterable<readonly KafkaRecord[]>;
  /** Aborted when the session is over; its reason is an Error if that was a failure, else text. */
  readonly over: AbortSignal;
  /**
   * Set if membership depends on being asked: everything is delivered and committed before the next batch is asked for,
   * unless that takes longer than this.
   */
  readonly pollEveryMs?: number;
  /**
   * Stores positions, those of partitions that are not ours any more excepted.
   * @throws Error if they may not have been stored
   */
  readonly commit: (positions: readonly Position[]) => Promise<void>;
  /** What is known of the partitions that are ours now. */
  readonly partitions: () => Promise<readonly PartitionRange[]>;
  /** Ends the session. Nothing is committed. */
  readonly close: () => Promise<void>;
};

/** `null` is what a source cannot tell. */
export type PartitionRange = TopicPartition & {
  readonly committed: number | null;
  /** The oldest offset that the broker still has. */
  readonly earliest: number | null;
  /** The high-water mark: the offset that the next record will get. */
  readonly latest: number | null;
};

/** The bridge cannot go on, and a restart with the same settings would not help. The message says what to do. */
export class StopError extends Error {
  override readonly name = "StopError";
}
