import type { BridgeEvent } from "../events.ts";
import type { KafkaRecord } from "../kafka-record.ts";
import type { PartitionRange } from "../source.ts";

/** Events and records for tests of what is made of them. */
export const TOPIC = "device.elt.status.reported";

export const recordAt = (offset: number, more: Partial<KafkaRecord> = {}): KafkaRecord => ({
  ...{ topic: TOPIC, partition: 0, offset, timestampMs: null, key: null, headers: [] },
  value: Buffer.from("s3cret"),
  ...more,
});

export const consumed = (...records: readonly KafkaRecord[]): BridgeEvent => ({ kind: "consumed", records });

export const committed = (offset: number, partition = 0): BridgeEvent => ({
  kind: "committed",
  positions: [{ topic: TOPIC, partition, offset }],
});

export const delivered = (more: Partial<Extract<BridgeEvent, { kind: "delivered" }>> = {}): BridgeEvent => ({
  kind: "delivered",
  ...{ topic: TOPIC, accepted: 1, deadLettered: 0, notKept: 0, bytes: 100, durationMs: 30 },
  ...more,
});

export const retried: BridgeEvent = { kind: "delivery.retried", topic: TOPIC, reason: "503: full", waitMs: 500 };

export const rangeOf = (more: Partial<PartitionRange> = {}): PartitionRange => ({
  ...{ topic: TOPIC, partition: 0, committed: 0, earliest: 0, latest: 0 },
  ...more,
});

export const opened = (...partitions: readonly PartitionRange[]): BridgeEvent => ({
  kind: "session.opened",
  partitions,
});

/** One event of each kind. */
export const EVERY: readonly BridgeEvent[] = [
  opened(rangeOf({ latest: 5 })),
  { kind: "topics.ignored", topics: ["orders"] },
  { kind: "topics.missing", topics: [TOPIC] },
  { kind: "position.reset", topic: TOPIC, partition: 0, committed: 9, to: 0 },
  consumed(recordAt(0), recordAt(1)),
  { kind: "undecodable", at: recordAt(1), part: "value", schemaId: 7, message: "no such schema" },
  { kind: "registry.retried", reason: "ECONNREFUSED", waitMs: 100 },
  retried,
  delivered({ accepted: 1, deadLettered: 1, notKept: 2 }),
  { kind: "record.refused", at: recordAt(1), status: 400, message: "odd" },
  committed(1),
  { kind: "commit.failed", message: "not the coordinator" },
  { kind: "gap", topic: TOPIC, partition: 0, from: 2, to: 5, cause: "retention" },
  { kind: "gap", topic: TOPIC, partition: 0, from: 6, to: 8, cause: "compaction or transactions" },
  { kind: "gap", topic: TOPIC, partition: 0, from: 9, to: 11, cause: "unknown" },
  { kind: "buffered", records: 3, bytes: 300 },
  { kind: "lag", partitions: [rangeOf({ committed: 1, latest: 5 })] },
  { kind: "session.ended", reason: "a rebalance", failed: false, retryInMs: 0 },
  { kind: "ended", reason: "it was asked to end", failed: false },
];
