/** One Kafka record of the samples, and its expected outcome. */
export type SampleRecord = {
  readonly topic: string;
  readonly key: string;
  /** The exact text of the record's value. */
  readonly value: string | null;
  /** Why it has to be dead-lettered; absent for good records. */
  readonly fault?: Fault;
  /** An exact duplicate of an earlier record. */
  readonly repeats?: true;
  /** It occurred before an earlier record of the same device. */
  readonly late?: true;
};

export type Fault = {
  readonly reason: "unknown_topic" | "empty_value" | "not_json" | "schema_mismatch" | "clock_skew";
  /** What exactly is wrong, in a few words. */
  readonly kind: string;
};
