import type { Consumer, RecordsBatch } from "@platformatic/kafka";
import type { KafkaRecord, TopicPartition } from "../kafka-record.ts";

/** Bits of a batch's attributes. */
const LOG_APPEND_TIME = 1 << 3;
const TRANSACTIONAL = 1 << 4;
const CONTROL = 1 << 5;
/** The type of a control record that ends a transaction without effect. */
const ABORT = 0;
/** Batches of Kafka 0.11 and later. Of older ones the client reads nonsense. */
const MAGIC = 2;

/** The answer to a fetch. The client exports no name for it. */
export type FetchAnswer = Awaited<ReturnType<Consumer["fetch"]>>;
export type FetchedPartition = FetchAnswer["responses"][number]["partitions"][number];

export type Fetched = {
  readonly records: readonly KafkaRecord[];
  /** The offset to fetch next. */
  readonly next: number;
};

/**
 * The records of one partition in a fetch, from an offset on. A broker answers with whole batches, so records before the
 * offset come with them. Records of aborted transactions are left out here, since the client leaves in those whose end is
 * in another answer. @throws Error for batches in the format of Kafka before 0.11
 */
export function readFetched(at: TopicPartition, partition: FetchedPartition, from: number): Fetched {
  const aborted = [...(partition.abortedTransactions ?? [])].sort((a, b) => Number(a.firstOffset - b.firstOffset));
  const abortedProducers = new Set<bigint>();
  const records: KafkaRecord[] = [];
  let next = from;
  for (const batch of partition.records ?? []) {
    if (batch.magic !== MAGIC)
      throw new Error(
        `${at.topic} partition ${at.partition} has batches in the format of Kafka before 0.11 (magic ${batch.magic}). They are not read, and the position stays.`,
      );
    const lastOffset = batch.firstOffset + BigInt(batch.lastOffsetDelta);
    next = Math.max(next, Number(lastOffset) + 1);
    while (aborted[0] && aborted[0].firstOffset <= lastOffset) {
      abortedProducers.add((aborted.shift() as { producerId: bigint }).producerId);
    }
    if (batch.attributes & CONTROL) {
      if (typeOf(batch) === ABORT) abortedProducers.delete(batch.producerId);
    } else if (!(batch.attributes & TRANSACTIONAL) || !abortedProducers.has(batch.producerId)) {
      for (const record of recordsOf(at, batch)) if (record.offset >= from) records.push(record);
    }
  }
  return { records, next };
}

/** The key of a control record is a version and a type. */
const typeOf = ({ records }: RecordsBatch): number | undefined => records[0]?.key?.readInt16BE(2);

function* recordsOf({ topic, partition }: TopicPartition, batch: RecordsBatch): Generator<KafkaRecord> {
  const firstOffset = Number(batch.firstOffset);
  const appendedAtMs = batch.attributes & LOG_APPEND_TIME ? Number(batch.maxTimestamp) : undefined;
  for (const { key, value, headers, offsetDelta, timestampDelta } of batch.records) {
    const timestampMs = appendedAtMs ?? Number(batch.firstTimestamp + timestampDelta);
    yield {
      topic,
      partition,
      offset: firstOffset + offsetDelta,
      timestampMs: timestampMs < 0 ? null : timestampMs,
      key,
      value,
      headers: headers.map(([name, bytes]) => [name?.toString() ?? "", bytes ?? NOTHING] as const),
    };
  }
}

const NOTHING = new Uint8Array(0);
