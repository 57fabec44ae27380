import { Buffer } from "node:buffer";
import { Admin, Consumer, Producer } from "@platformatic/kafka";
import type { Broker } from "../peers/kafka/broker.ts";

/** A record to publish. */
export type Outgoing = {
  readonly topic: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: readonly (readonly [name: string, value: Buffer])[];
  readonly timestampMs?: number;
};

export type Placed = Outgoing & { readonly partition: number; readonly offset: number };

export type Cluster = Awaited<ReturnType<typeof connectCluster>>;

/** Records of one request of the producer. */
const BATCH = 500;

/** What a test does with a broker: it publishes, deletes, and asks where a group stands. */
export async function connectCluster({ address }: Broker) {
  const options = { clientId: "concord-test", bootstrapBrokers: [address], retries: 10, retryDelay: 500 };
  const admin = new Admin(options);
  // What is sent again after a broker's silence is written once.
  const producer = new Producer({ ...options, idempotent: true, acks: -1 });
  const reader = new Consumer({ ...options, groupId: "concord-test" });
  const partitionsOf = new Map<string, number>();
  /** The offset that each partition's next record gets. Nobody else publishes. */
  const nextOffsets = new Map<string, number>();

  async function createTopics(topics: readonly string[], partitions: number): Promise<void> {
    await admin.createTopics({ topics: [...topics], partitions, replicas: 1 });
    for (const topic of topics) partitionsOf.set(topic, partitions);
  }

  /** Publishes records in their order: those with one key are in one partition. @returns them with their places */
  async function publish(records: readonly Outgoing[]): Promise<Placed[]> {
    const placed = records.map((record): Placed => {
      const partition = partitionOf(record.key, partitionsOf.get(record.topic) ?? 1);
      const name = `${record.topic}-${partition}`;
      const offset = nextOffsets.get(name) ?? 0;
      nextOffsets.set(name, offset + 1);
      return { ...record, partition, offset };
    });
    for (let from = 0; from < placed.length; from += BATCH) {
      const batch = placed.slice(from, from + BATCH);
      const { offsets = [] } = await producer.send({ messages: batch.map(messageOf) });
      for (const { topic, partition, offset } of offsets) {
        const first = batch.find((record) => record.topic === topic && record.partition === partition);
        if (first?.offset !== Number(offset)) throw new Error(`${topic}-${partition} has records of somebody else`);
      }
    }
    return placed;
  }

  return {
    createTopics,
    publish,
    /** Deletes the records of a partition that lie before an offset. */
    async deleteRecords(topic: string, partition: number, offset: number): Promise<void> {
      const partitions = [{ partition, offset: BigInt(offset) }];
      await admin.deleteRecords({ topics: [{ name: topic, partitions }] });
    },
    /** Moves a group that has no members. */
    async setPosition(group: string, topic: string, partition: number, offset: number): Promise<void> {
      const topics = [{ name: topic, partitionOffsets: [{ partition, offset: BigInt(offset) }] }];
      await admin.alterConsumerGroupOffsets({ groupId: group, topics });
    },
    /** Records behind what the group has committed, as the broker tells it; those of a partition without a position too. */
    async lag(group: string, topics: readonly string[]): Promise<number> {
      const [committed] = await admin.listConsumerGroupOffsets({ groups: [group] });
      const latest = await reader.listOffsets({ topics: [...topics], timestamp: -1n });
      const earliest = await reader.listOffsets({ topics: [...topics], timestamp: -2n });
      let lag = 0;
      for (const topic of topics) {
        const partitions = committed?.topics.find(({ name }) => name === topic)?.partitions ?? [];
        for (const [partition, end] of (latest.get(topic) ?? []).entries()) {
          const position =
            partitions.find(({ partitionIndex }) => partitionIndex === partition)?.committedOffset ?? -1n;
          lag += Number(end - (position < 0n ? (earliest.get(topic)?.[partition] ?? 0n) : position));
        }
      }
      return lag;
    },
    async close(): Promise<void> {
      await Promise.all([admin.close(), producer.close(), reader.close(true)]);
    },
  };
}

function messageOf({ topic, partition, key, value, headers = [], timestampMs }: Placed) {
  return {
    topic,
    partition,
    ...(key && { key }),
    // The client's type demands a value, and a tombstone has none.
    value: value as Buffer,
    // Two names of the same bytes are two keys of a Map.
    headers: new Map(headers.map(([name, bytes]) => [Buffer.from(name), bytes])),
    ...(timestampMs !== undefined && { timestamp: BigInt(timestampMs) }),
  };
}

/** FNV-1a: the same key is always in the same partition. */
function partitionOf(key: Buffer | null, partitions: number): number {
  let hash = 2166136261;
  for (const byte of key ?? []) hash = Math.imul(hash ^ byte, 16777619) >>> 0;
  return hash % partitions;
}
