import { nameOf, type Position, type TopicPartition } from "../kafka-record.ts";
import type { Encoded } from "./encode.ts";

export type ParcelLimits = {
  /** Of one request. */
  readonly records: number;
  /** Of one request, before it is compressed. */
  readonly bytes: number;
  /** How long a record may wait for others that go with it. */
  readonly lingerMs: number;
};

/** Records of one topic for one request. Those of a partition are in its order. */
export type Parcel = { readonly topic: string; readonly entries: readonly Encoded[]; readonly bytes: number };

type Waiting = { readonly entry: Encoded; readonly sinceMs: number };

/** The records of one partition that are not delivered yet. At most one parcel holds some of them. */
type Lane = TopicPartition & {
  waiting: Waiting[];
  inFlight: readonly Waiting[];
  /** The offset behind the last record that came in. */
  next: number | undefined;
  /** The offset behind the last record of which all before it are delivered. */
  delivered: number | undefined;
  committed: number | undefined;
};

export type Gap = TopicPartition & { readonly from: number; readonly to: number };

/**
 * Records on their way from partitions into requests. Records of a partition never overtake each other, since a
 * partition is in one request at a time; different partitions may be in several. No clock and no network.
 */
export class Lanes {
  readonly #limits: ParcelLimits;
  readonly #topics = new Map<string, Map<number, Lane>>();
  #bytes = 0;
  #records = 0;

  constructor(limits: ParcelLimits) {
    this.#limits = limits;
  }

  /** Bytes of all records that are not delivered yet, as they are written into requests. */
  get bytes(): number {
    return this.#bytes;
  }

  get records(): number {
    return this.#records;
  }

  /** Adds a partition's next record. @returns the offsets before it that no record came for, if it is not the first */
  add(entry: Encoded, nowMs: number): Gap | undefined {
    const { topic, partition, offset } = entry.at;
    const lane = this.#laneOf(entry.at);
    const expected = lane.next;
    lane.next = offset + 1;
    lane.waiting.push({ entry, sinceMs: nowMs });
    this.#bytes += entry.bytes;
    this.#records += 1;
    return expected === undefined || offset <= expected ? undefined : { topic, partition, from: expected, to: offset };
  }

  /**
   * Takes the next parcel: of a topic that has enough for a request, or whose oldest record has waited long enough.
   * @param isLast whatever there is goes now
   */
  take(nowMs: number, isLast = false): Parcel | undefined {
    for (const [topic, lanes] of this.#topics) {
      const free = [...lanes.values()].filter((lane) => lane.inFlight.length === 0 && lane.waiting.length > 0);
      if (free.length === 0 || !(isLast || this.#isDue(free, nowMs))) continue;
      // The next parcel is another topic's, if that has one.
      this.#topics.delete(topic);
      this.#topics.set(topic, lanes);
      return this.#fill(topic, free);
    }
    return undefined;
  }

  /** When the next parcel is due though it is not full, or `undefined` if nothing waits that is free to go. */
  get dueAtMs(): number | undefined {
    const oldest = this.#lanes
      .filter((lane) => lane.inFlight.length === 0)
      .flatMap(({ waiting }) => waiting[0]?.sinceMs ?? []);
    return oldest.length === 0 ? undefined : Math.min(...oldest) + this.#limits.lingerMs;
  }

  /**
   * Ends a parcel's way. Of each partition, the records up to the first that was not kept are delivered; the others wait
   * again in their old places.
   * @param kept for each entry, whether it is accounted for
   */
  settle({ entries }: Parcel, kept: readonly boolean[]): void {
    const delivered = new Map<Lane, number>();
    const stopped = new Set<Lane>();
    for (const [index, entry] of entries.entries()) {
      const lane = this.#laneOf(entry.at);
      if (!kept[index]) stopped.add(lane);
      if (stopped.has(lane)) continue;
      lane.delivered = entry.at.offset + 1;
      delivered.set(lane, (delivered.get(lane) ?? 0) + 1);
      this.#bytes -= entry.bytes;
      this.#records -= 1;
    }
    for (const lane of new Set([...delivered.keys(), ...stopped])) {
      lane.waiting = [...lane.inFlight.slice(delivered.get(lane) ?? 0), ...lane.waiting];
      lane.inFlight = [];
    }
  }

  /** Where partitions go on whose records are delivered and not committed. */
  uncommitted(): Position[] {
    return this.#lanes.flatMap(({ topic, partition, delivered, committed }) =>
      delivered === undefined || delivered === committed ? [] : { topic, partition, offset: delivered },
    );
  }

  committed(positions: readonly Position[]): void {
    for (const position of positions) this.#laneOf(position).committed = position.offset;
  }

  /** The offset behind the last delivered record of each partition that had one. */
  delivered(): ReadonlyMap<string, number> {
    return new Map(
      this.#lanes.flatMap((lane) => (lane.delivered === undefined ? [] : [[nameOf(lane), lane.delivered]])),
    );
  }

  get #lanes(): Lane[] {
    return [...this.#topics.values()].flatMap((lanes) => [...lanes.values()]);
  }

  #isDue(free: readonly Lane[], nowMs: number): boolean {
    let [records, bytes] = [0, 0];
    for (const { waiting } of free) {
      if (nowMs - (waiting[0] as Waiting).sinceMs >= this.#limits.lingerMs) return true;
      records += waiting.length;
      if (records >= this.#limits.records) return true;
      for (const { entry } of waiting) {
        bytes += entry.bytes;
        if (bytes >= this.#limits.bytes) return true;
      }
    }
    return false;
  }

  /** Whole partitions as long as they fit, so that the others are free for requests beside this one. */
  #fill(topic: string, free: readonly Lane[]): Parcel {
    const byAge = free.toSorted((a, b) => (a.waiting[0] as Waiting).sinceMs - (b.waiting[0] as Waiting).sinceMs);
    const entries: Encoded[] = [];
    let bytes = 0;
    for (const lane of byAge) {
      let taken = 0;
      for (const { entry } of lane.waiting) {
        const isFull = entries.length >= this.#limits.records || bytes + entry.bytes > this.#limits.bytes;
        if (entries.length > 0 && isFull) break;
        entries.push(entry);
        bytes += entry.bytes;
        taken += 1;
      }
      lane.inFlight = lane.waiting.slice(0, taken);
      lane.waiting = lane.waiting.slice(taken);
      if (lane.waiting.length > 0) break;
    }
    return { topic, entries, bytes };
  }

  #laneOf({ topic, partition }: TopicPartition): Lane {
    let lanes = this.#topics.get(topic);
    if (!lanes) {
      lanes = new Map();
      this.#topics.set(topic, lanes);
    }
    let lane = lanes.get(partition);
    if (!lane) {
      const fresh = { next: undefined, delivered: undefined, committed: undefined };
      lane = { topic, partition, waiting: [], inFlight: [], ...fresh };
      lanes.set(partition, lane);
    }
    return lane;
  }
}
