import type { BridgeEvent } from "../events.ts";
import { nameOf, type TopicPartition } from "../kafka-record.ts";
import type { PartitionRange } from "../source.ts";
import { type Run, runsOf } from "./runs.ts";

type Partition = PartitionRange & {
  /** What this session has committed last. It is newer than any offset that was looked up. */
  readonly own: number | null;
  /** Read, and not committed yet; the oldest first. */
  readonly uncommitted: (Run & { readonly readAtMs: number })[];
};

/** Where a partition stands. `null` is what the source cannot tell. */
export type Standing = TopicPartition & {
  readonly committed: number | null;
  /** Records behind the committed offset. */
  readonly lag: number | null;
};

/** Where each partition stands that is ours, as the events of a bridge tell. */
export class Positions {
  readonly #partitions = new Map<string, Partition>();
  readonly #now: () => number;
  readonly #beginsAtEarliest: boolean;

  /** @param beginsAtEarliest whether a partition without a committed offset is read from its beginning */
  constructor(now: () => number, beginsAtEarliest: boolean) {
    this.#now = now;
    this.#beginsAtEarliest = beginsAtEarliest;
  }

  on(event: BridgeEvent): void {
    switch (event.kind) {
      case "session.opened":
        this.#partitions.clear();
        for (const range of event.partitions) this.#update(range);
        return;
      case "session.ended":
        this.#partitions.clear();
        return;
      case "lag":
        for (const range of event.partitions) this.#update(range);
        return;
      case "consumed":
        for (const run of runsOf(event.records)) this.#add(run);
        return;
      case "committed":
        for (const { topic, partition, offset } of event.positions) this.#commit({ topic, partition }, offset);
        return;
    }
  }

  standings(): Standing[] {
    return [...this.#partitions.values()].map((each) => ({
      topic: each.topic,
      partition: each.partition,
      committed: each.committed,
      lag: this.#lagOf(each),
    }));
  }

  /** Records behind the committed offsets of all partitions, or `null` if none of them is known. */
  get lag(): number | null {
    const known = this.standings().flatMap(({ lag }) => lag ?? []);
    return known.length === 0 ? null : known.reduce((sum, each) => sum + each, 0);
  }

  /**
   * The age of the oldest record of each topic that was read and is not committed, in milliseconds: since it was read,
   * and since its own time. A topic without such a record has none.
   */
  ages(): ReadonlyMap<string, { readonly waitingMs: number; readonly recordMs: number }> {
    const nowMs = this.#now();
    const ages = new Map<string, { waitingMs: number; recordMs: number }>();
    for (const { topic, uncommitted } of this.#partitions.values()) {
      const [oldest] = uncommitted;
      const known = ages.get(topic) ?? { waitingMs: 0, recordMs: 0 };
      if (!oldest) {
        ages.set(topic, known);
        continue;
      }
      const waitingMs = Math.max(known.waitingMs, nowMs - oldest.readAtMs);
      const recordMs = Math.max(known.recordMs, nowMs - (oldest.timestampMs ?? nowMs));
      ages.set(topic, { waitingMs, recordMs });
    }
    return ages;
  }

  #lagOf({ committed, earliest, latest, uncommitted }: Partition): number | null {
    const position = committed ?? uncommitted[0]?.from ?? (this.#beginsAtEarliest ? earliest : null);
    return position === null || latest === null ? null : Math.max(0, latest - position);
  }

  #at(of: TopicPartition): Partition {
    const { topic, partition } = of;
    const known = this.#partitions.get(nameOf(of));
    if (known) return known;
    const fresh = { topic, partition, own: null, committed: null, earliest: null, latest: null, uncommitted: [] };
    this.#partitions.set(nameOf(of), fresh);
    return fresh;
  }

  #update(range: PartitionRange): void {
    const { uncommitted, own, latest } = this.#at(range);
    const committed = own ?? range.committed;
    // What was looked up may be older than what was read since.
    this.#partitions.set(nameOf(range), {
      ...range,
      own,
      committed,
      uncommitted,
      latest: greater(range.latest, latest),
    });
  }

  #add(run: Run): void {
    const known = this.#at(run);
    known.uncommitted.push({ ...run, readAtMs: this.#now() });
    if (known.latest !== null && known.latest <= run.to)
      this.#partitions.set(nameOf(run), { ...known, latest: run.to + 1 });
  }

  #commit(of: TopicPartition, offset: number): void {
    const known = this.#at(of);
    const rest = known.uncommitted.filter(({ to }) => to >= offset);
    this.#partitions.set(nameOf(of), { ...known, own: offset, committed: offset, uncommitted: rest });
  }
}

const greater = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.max(a, b);
