/** A record as Kafka has it: bytes, and where they stand. */
export type KafkaRecord = TopicPartition & {
  readonly offset: number;
  /** Milliseconds since 1970, as the producer or the broker set it. */
  readonly timestampMs: number | null;
  readonly key: Uint8Array | null;
  /** `null` for a tombstone. */
  readonly value: Uint8Array | null;
  readonly headers: readonly (readonly [name: string, value: Uint8Array])[];
};

export type TopicPartition = { readonly topic: string; readonly partition: number };

/** Where a partition goes on: the offset of the next record, as a broker stores it. */
export type Position = TopicPartition & { readonly offset: number };

/** A partition's name in maps and messages. */
export const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}-${partition}`;
