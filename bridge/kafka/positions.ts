import type { Listener } from "../events.ts";
import { nameOf, type Position, type TopicPartition } from "../kafka-record.ts";
import type { PartitionRange } from "../source.ts";
import type { StartFrom } from "../source-settings.ts";

/** Offsets as a broker has them. A partition that it cannot tell of is not in the map. */
export type OffsetLookup = {
  readonly committed: (partitions: readonly TopicPartition[]) => Promise<ReadonlyMap<string, number>>;
  readonly earliest: (partitions: readonly TopicPartition[]) => Promise<ReadonlyMap<string, number>>;
  readonly latest: (partitions: readonly TopicPartition[]) => Promise<ReadonlyMap<string, number>>;
  readonly since: (partitions: readonly TopicPartition[], timestampMs: number) => Promise<ReadonlyMap<string, number>>;
};

export async function rangesOf(lookup: OffsetLookup, partitions: readonly TopicPartition[]): Promise<PartitionRange[]> {
  const [committed, earliest, latest] = await Promise.all([
    lookup.committed(partitions),
    lookup.earliest(partitions),
    lookup.latest(partitions),
  ]);
  return partitions.map((at) => ({
    ...at,
    committed: committed.get(nameOf(at)) ?? null,
    earliest: earliest.get(nameOf(at)) ?? null,
    latest: latest.get(nameOf(at)) ?? null,
  }));
}

/** Like `rangesOf`, with `null` for everything that could not be found out. */
export function knownRangesOf(lookup: OffsetLookup, partitions: readonly TopicPartition[]): Promise<PartitionRange[]> {
  const nothing = () => new Map<string, number>();
  return rangesOf(
    {
      ...lookup,
      committed: (some) => lookup.committed(some).catch(nothing),
      earliest: (some) => lookup.earliest(some).catch(nothing),
      latest: (some) => lookup.latest(some).catch(nothing),
    },
    partitions,
  );
}

/** Where a session begins to read. */
export type Start = Position & {
  /** Whether the group has no position there yet, and has to get this one before anything is read. */
  readonly isMoved: boolean;
};

/**
 * Decides where partitions begin, and remembers it: a start that depends on when it is looked up must not move on with
 * the time, or what came in between would never be read.
 */
export class StartPositions {
  readonly #from: StartFrom;
  readonly #emit: Listener;
  readonly #decided = new Map<string, number>();
  #firstCounts: ReadonlyMap<string, number> | undefined;

  constructor(from: StartFrom, emit: Listener) {
    this.#from = from;
    this.#emit = emit;
  }

  /** @param counts how many partitions each topic has; what was not there at the first call begins at its beginning */
  learn(counts: ReadonlyMap<string, number>): void {
    this.#firstCounts ??= counts;
  }

  /** @throws Error if a broker could not tell where a log begins and ends */
  async of(ranges: readonly PartitionRange[], lookup: OffsetLookup): Promise<Start[]> {
    const fresh = ranges.filter((range) => range.committed === null && !this.#decided.has(nameOf(range)));
    const since =
      typeof this.#from === "object" ? await lookup.since(fresh, this.#from.timestampMs) : new Map<string, number>();
    return ranges.map((range) => {
      const { topic, partition, committed, earliest, latest } = range;
      if (earliest === null || latest === null)
        throw new Error(`the broker does not tell where the log of ${nameOf(range)} begins and ends`);
      const at = { topic, partition };
      if (committed === null) {
        const decided = this.#decided.get(nameOf(range)) ?? this.#begin(range, earliest, latest, since);
        this.#decided.set(nameOf(range), decided);
        // Retention may have run over what was decided before.
        return { ...at, offset: Math.max(decided, earliest), isMoved: this.#from !== "earliest" };
      }
      if (committed > latest) this.#emit({ kind: "position.reset", ...at, committed, to: earliest });
      const isInLog = committed >= earliest && committed <= latest;
      return { ...at, offset: isInLog ? committed : earliest, isMoved: !isInLog };
    });
  }

  #begin(at: TopicPartition, earliest: number, latest: number, since: ReadonlyMap<string, number>): number {
    const isNew = at.partition >= (this.#firstCounts?.get(at.topic) ?? 0);
    if (this.#from === "earliest" || isNew) return earliest;
    return this.#from === "latest" ? latest : (since.get(nameOf(at)) ?? latest);
  }
}
