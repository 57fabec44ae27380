import type { KafkaRecord, TopicPartition } from "../kafka-record.ts";

/** Records of one partition that stand behind one another in a batch. */
export type Run = TopicPartition & {
  readonly records: number;
  /** Offsets of the first and the last. */
  readonly from: number;
  readonly to: number;
  /** Of the first. */
  readonly timestampMs: number | null;
};

/** A batch as the runs that it consists of. */
export function runsOf(records: readonly KafkaRecord[]): Run[] {
  const runs: Run[] = [];
  let start = 0;
  for (let i = 1; i <= records.length; i++) {
    const [first, next] = [records[start] as KafkaRecord, records[i]];
    if (next && next.topic === first.topic && next.partition === first.partition) continue;
    const { topic, partition, offset: from, timestampMs } = first;
    runs.push({ topic, partition, records: i - start, from, to: (records[i - 1] as KafkaRecord).offset, timestampMs });
    start = i;
  }
  return runs;
}
