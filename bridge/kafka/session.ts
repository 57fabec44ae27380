import type { Listener } from "../events.ts";
import { type KafkaRecord, nameOf, type TopicPartition } from "../kafka-record.ts";
import type { PartitionRange, Session } from "../source.ts";
import { describe, refusalIn } from "./failures.ts";
import type { Member } from "./member.ts";
import { knownRangesOf, type OffsetLookup, rangesOf, type StartPositions } from "./positions.ts";
import { type Reader, type ReadPositions, withMarks } from "./reader.ts";

/** How long what was looked up of offsets is good for: several ask in the same moment. */
const RANGES_MS = 1_000;

export type Connected = { readonly member: Member; readonly reader: Reader };

/** A session over partitions that are ours now. It is over when they are not, or when reading fails. @throws Error */
export async function openSession({ member, reader }: Connected, starts: StartPositions, emit: Listener) {
  const partitions = member.assigned;
  const lookup: OffsetLookup = {
    committed: (some) => member.committed(some),
    earliest: (some) => reader.earliest(some),
    latest: (some) => reader.latest(some),
    since: (some, timestampMs) => reader.since(some, timestampMs),
  };
  const found = await rangesOf(lookup, partitions);
  const begin = await starts.of(found, lookup);
  const positions: ReadPositions = new Map(
    begin.map(({ topic, partition, offset }) => [nameOf({ topic, partition }), { topic, partition, offset }]),
  );
  const over = new AbortController();
  const unwatch = member.watch(partitions, (reason) => over.abort(reason));
  const ranges = cachedRanges(found, () => knownRangesOf(lookup, partitions));
  /** Partitions of which a record was handed out. */
  const handedOut = new Set<string>();

  const onOutOfRange = (at: TopicPartition, from: number, to: number) => {
    const { topic, partition } = at;
    if (to < from) emit({ kind: "position.reset", topic, partition, committed: from, to });
    // What is missing before the first record, nobody else can see.
    else if (!handedOut.has(nameOf(at))) emit({ kind: "gap", topic, partition, from, to, cause: "retention" });
  };

  async function* records(): AsyncGenerator<readonly KafkaRecord[]> {
    await member.commit(begin.filter(({ isMoved }) => isMoved));
    for await (const batch of reader.batches(positions, over.signal, onOutOfRange)) {
      // A rebalance under way may give our partitions to others, who would deliver the same.
      await member.settled(over.signal);
      if (over.signal.aborted) return;
      for (const record of batch) handedOut.add(nameOf(record));
      yield batch;
    }
  }

  const session: Session = {
    records: failingAsText(records()),
    over: over.signal,
    commit: (some) => member.commit(some.map((position) => withMarks(position, positions.get(nameOf(position))))),
    partitions: ranges,
    async close() {
      unwatch();
      over.abort("it was closed");
    },
  };
  return { session, end: (reason: string) => over.abort(reason) };
}

/** The first answer is what the session found when it was opened, so that what retention deleted before is seen once. */
function cachedRanges(found: readonly PartitionRange[], look: () => Promise<PartitionRange[]>): Session["partitions"] {
  let cached: { readonly untilMs: number; readonly ranges: Promise<readonly PartitionRange[]> } | undefined;
  let isFirst = true;
  return () => {
    if (isFirst) {
      isFirst = false;
      return Promise.resolve(found);
    }
    const nowMs = performance.now();
    if (!cached || cached.untilMs < nowMs) cached = { untilMs: nowMs + RANGES_MS, ranges: look() };
    return cached.ranges;
  };
}

/** The client's errors name requests; what a broker answered is inside. */
async function* failingAsText<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* items;
  } catch (error) {
    throw refusalIn(error) ?? new Error(`reading from Kafka failed: ${describe(error)}`, { cause: error });
  }
}
