import { setTimeout as wait } from "node:timers/promises";
import type { ClusterMetadata, Consumer } from "@platformatic/kafka";
import { type KafkaRecord, nameOf, type Position, type TopicPartition } from "../kafka-record.ts";
import type { BrokerSettings } from "../source-settings.ts";
import { connectionOptions } from "./connection.ts";
import { within } from "./failures.ts";
import { type FetchAnswer, readFetched } from "./fetched.ts";
import type { Library } from "./library.ts";

/** What one fetch brings at most. While it is delivered, the next one may be on its way: that is what waits in memory. */
const FETCH_BYTES = 1024 * 1024;
const PARTITION_BYTES = 256 * 1024;
/** How long a broker waits for records if there are none. */
const FETCH_WAIT_MS = 500;
const BATCH_RECORDS = 500;
const CALL_MS = 15_000;
const OFFSET_OUT_OF_RANGE = 1;

/** What is asked of a broker in place of a time. */
const EARLIEST = -2n;
const LATEST = -1n;

/** Where reading of a partition stands. */
export type ReadPosition = TopicPartition & {
  /** The offset to fetch next. */
  offset: number;
  /** The offset behind the last record that was read, whether it was handed out or not. */
  recordsEnd?: number | undefined;
};

/** By partition. */
export type ReadPositions = Map<string, ReadPosition>;

/**
 * Marks of transactions are no records, so nobody answers for them. Those behind the last record that was read are
 * committed with it.
 */
export function withMarks(position: Position, read: ReadPosition | undefined): Position {
  return read?.recordsEnd === position.offset ? { ...position, offset: read.offset } : position;
}

type Answer = { readonly node: number; readonly response?: FetchAnswer; readonly error?: unknown };

/** Fetches records and offsets of topics. It is in no group, so a fetch that waits for records holds up no heartbeat. */
export class Reader {
  readonly #client: Consumer;
  readonly #topics: readonly string[];

  constructor({ Consumer }: Library, settings: BrokerSettings, topics: readonly string[]) {
    this.#topics = topics;
    this.#client = new Consumer({ ...connectionOptions(settings), groupId: settings.group, autocommit: false });
    this.#client.topics.trackAll(...topics);
    (this.#client as NodeJS.EventEmitter).on("error", () => undefined);
  }

  /**
   * Records in batches, from positions on, which move with them. The next fetch is sent while a batch is with the caller,
   * and none after it until the caller comes back.
   * @param onOutOfRange is told where reading goes on if the log has no such offset any more @throws Error if it fails
   */
  async *batches(
    positions: ReadPositions,
    over: AbortSignal,
    onOutOfRange: (at: TopicPartition, from: number, to: number) => void,
  ): AsyncGenerator<readonly KafkaRecord[]> {
    const inFlight = new Map<number, Promise<Answer>>();
    const fetchMore = async () => {
      const metadata = await this.#metadata();
      for (const [node, partitions] of byLeader(metadata, positions)) {
        if (!inFlight.has(node)) inFlight.set(node, this.#fetch(node, partitions, metadata));
      }
    };
    while (!over.aborted) {
      await fetchMore();
      if (inFlight.size === 0) {
        await wait(FETCH_WAIT_MS);
        continue;
      }
      const answer = await Promise.race(inFlight.values());
      inFlight.delete(answer.node);
      if (!answer.response) throw answer.error;
      const records = await this.#advance(answer, answer.response, positions, onOutOfRange);
      if (records.length === 0) continue;
      await fetchMore();
      for (let from = 0; from < records.length; from += BATCH_RECORDS) yield records.slice(from, from + BATCH_RECORDS);
    }
  }

  /** Never rejects, since nobody may be waiting for it any more. */
  async #fetch(node: number, partitions: ReadPositions, { topics }: ClusterMetadata): Promise<Answer> {
    const wanted = [...partitions.values()].map(({ topic, partition, offset }) => ({
      topicId: topics.get(topic)?.id ?? topic,
      partitions: [
        {
          partition,
          fetchOffset: BigInt(offset),
          partitionMaxBytes: PARTITION_BYTES,
          currentLeaderEpoch: -1,
          lastFetchedEpoch: -1,
        },
      ],
    }));
    try {
      const options = { node, topics: wanted, minBytes: 1, maxBytes: FETCH_BYTES, maxWaitTime: FETCH_WAIT_MS };
      return { node, response: await within(2 * CALL_MS, "a fetch", this.#client.fetch(options)) };
    } catch (error) {
      // An error of one partition makes the client throw, with the answer in the error.
      const response = responseIn(error);
      return { node, error, ...(response && response.errorCode === 0 && { response }) };
    }
  }

  async #advance(
    { error }: Answer,
    { responses }: FetchAnswer,
    positions: ReadPositions,
    onOutOfRange: (at: TopicPartition, from: number, to: number) => void,
  ): Promise<readonly KafkaRecord[]> {
    const { topics } = await this.#metadata();
    const names = new Map([...topics].map(([name, { id }]) => [id, name]));
    const records: KafkaRecord[] = [];
    const lost: ReadPosition[] = [];
    for (const { topicId, partitions } of responses) {
      for (const answer of partitions) {
        const topic = names.get(topicId) ?? topicId;
        const position = positions.get(nameOf({ topic, partition: answer.partitionIndex }));
        if (!position) continue;
        if (answer.errorCode === OFFSET_OUT_OF_RANGE) {
          lost.push(position);
        } else if (answer.errorCode !== 0) {
          throw error;
        } else {
          const fetched = readFetched(position, answer, position.offset);
          for (const record of fetched.records) records.push(record);
          position.offset = fetched.next;
          const last = fetched.records.at(-1);
          if (last) position.recordsEnd = last.offset + 1;
        }
      }
    }
    const earliest = await this.earliest(lost);
    for (const position of lost) {
      const to = earliest.get(nameOf(position));
      if (to === undefined) throw error;
      onOutOfRange(position, position.offset, to);
      position.offset = to;
      position.recordsEnd = undefined;
    }
    return records;
  }

  earliest(partitions: readonly TopicPartition[]): Promise<ReadonlyMap<string, number>> {
    return this.#offsets(partitions, EARLIEST);
  }

  /** The offset behind the last record that may be read: one in an open transaction may not. */
  latest(partitions: readonly TopicPartition[]): Promise<ReadonlyMap<string, number>> {
    return this.#offsets(partitions, LATEST);
  }

  /** The first offset with this time or a later one. A partition without one is not in the map. @throws Error */
  since(partitions: readonly TopicPartition[], timestampMs: number): Promise<ReadonlyMap<string, number>> {
    return this.#offsets(partitions, BigInt(timestampMs));
  }

  async #offsets(all: readonly TopicPartition[], timestamp: bigint): Promise<ReadonlyMap<string, number>> {
    if (all.length === 0) return new Map();
    const byTopic = Map.groupBy(all, ({ topic }) => topic);
    const partitions = Object.fromEntries(
      [...byTopic].map(([topic, some]) => [topic, some.map(({ partition }) => partition)]),
    );
    const options = { topics: [...byTopic.keys()], partitions, timestamp };
    const found = await within(CALL_MS, "offsets", this.#client.listOffsets(options));
    return new Map(
      all.flatMap((at) => {
        const offset = found.get(at.topic)?.[at.partition];
        return offset === undefined || offset < 0n ? [] : [[nameOf(at), Number(offset)] as const];
      }),
    );
  }

  #metadata(): Promise<ClusterMetadata> {
    return within(CALL_MS, "the cluster's metadata", this.#client.metadata({ topics: [...this.#topics] }));
  }

  async close(): Promise<void> {
    await within(CALL_MS, "closing", this.#client.close(true)).catch(() => undefined);
  }
}

function byLeader({ topics }: ClusterMetadata, positions: ReadPositions): Map<number, ReadPositions> {
  const leaders = new Map<number, ReadPositions>();
  for (const [name, position] of positions) {
    const leader = topics.get(position.topic)?.partitions[position.partition]?.leader;
    if (leader === undefined || leader < 0) continue;
    const partitions = leaders.get(leader) ?? new Map();
    leaders.set(leader, partitions.set(name, position));
  }
  return leaders;
}

/** The last answer in an error, which may be one of several attempts. */
function responseIn(error: unknown): FetchAnswer | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { response, errors = [] } = error as { response?: FetchAnswer; errors?: readonly unknown[] };
  if (response?.responses) return response;
  return errors.map(responseIn).findLast((found) => found !== undefined);
}
