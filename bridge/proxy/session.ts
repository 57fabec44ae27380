import { setTimeout as wait } from "node:timers/promises";
import { type KafkaRecord, nameOf, type Position, type TopicPartition } from "../kafka-record.ts";
import { type PartitionRange, type Session, StopError } from "../source.ts";
import type { Gaps } from "./gaps.ts";
import { type Instance, InstanceError } from "./instance.ts";

export type SessionWaits = {
  /** After which the next poll is made though the last one's records are not delivered, so that the instance does not expire. */
  readonly pollEveryMs: number;
  /** How long a new instance waits until the last one has left the group. The proxy goes on with that afterwards. */
  readonly leaveMs: number;
  /** Between two polls that bring nothing, for proxies that do not wait for records. */
  readonly idleMs: number;
};

export type SessionParts = {
  readonly instance: Instance;
  /** `null` if the proxy cannot be asked. */
  readonly assigned: readonly TopicPartition[] | null;
  /** What joining the group has brought. */
  readonly polled: readonly (readonly KafkaRecord[])[];
  readonly gaps: Gaps;
  /** Whether partitions that nothing is committed for begin at the oldest record. */
  readonly isFromEarliest: boolean;
  /** What is known of the partitions at the beginning. */
  readonly ranges: readonly PartitionRange[];
  readonly rangesOf: (partitions: readonly TopicPartition[]) => Promise<readonly PartitionRange[]>;
  readonly onCommitted: (positions: readonly Position[]) => void;
  /** Positions cannot be stored at all: what is read would come again for ever. */
  readonly onStopped: (error: StopError) => void;
  /** Deletes the instance. */
  readonly leave: () => Promise<void>;
  /** Aborted when the bridge is asked to end: the last commit need not wait for a poll then. */
  readonly stop: AbortSignal;
  /** Aborted when a topic has appeared that matches the pattern. */
  readonly newTopic: AbortSignal;
  readonly waits: SessionWaits;
};

/** Commits in a row that a proxy may refuse before its instance is given up. */
const REFUSED_COMMITS = 3;

/** A time in which an instance has the same partitions. */
export class ProxySession implements Session {
  readonly records: AsyncIterable<readonly KafkaRecord[]>;
  readonly pollEveryMs: number;
  readonly #parts: SessionParts;
  readonly #over = new AbortController();
  readonly #seen = new Map<string, TopicPartition>();
  /** What was committed last, by whomever, when it was ours. */
  readonly #stored = new Map<string, Position>();
  /** Where partitions began that were committed, if the instance did not begin there. */
  readonly #start = new Map<string, number>();
  readonly #assigned: ReadonlySet<string> | null;
  #askedAtMs = performance.now();
  #refusedCommits = 0;
  #hasAsked = false;
  /** Whether another session may go on with the instance. */
  #keepsInstance = false;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    for (const { topic, partition, committed } of parts.ranges)
      if (committed !== null) this.#stored.set(nameOf({ topic, partition }), { topic, partition, offset: committed });
    this.#assigned = parts.assigned && new Set(parts.assigned.map(nameOf));
    this.pollEveryMs = parts.waits.pollEveryMs;
    this.records = this.#read();
    const onNewTopic = () => this.#over.abort(parts.newTopic.reason);
    parts.newTopic.addEventListener("abort", onNewTopic, { once: true });
  }

  get over(): AbortSignal {
    return this.#over.signal;
  }

  async commit(positions: readonly Position[]): Promise<void> {
    // The proxy would take a commit for another member's partition, and send that member back.
    const ours = positions.filter((position) => this.#assigned === null || this.#assigned.has(nameOf(position)));
    try {
      await this.#parts.instance.commit(ours);
    } catch (error) {
      this.#refusedCommits += 1;
      if (error instanceof StopError) this.#parts.onStopped(error);
      const isOver = error instanceof StopError || error instanceof InstanceError;
      if (isOver || this.#refusedCommits >= REFUSED_COMMITS) this.#over.abort(error);
      throw error;
    }
    this.#refusedCommits = 0;
    for (const position of ours) this.#stored.set(nameOf(position), position);
    this.#parts.onCommitted(ours);
  }

  async partitions(): Promise<readonly PartitionRange[]> {
    if (!this.#parts.instance.isUsable) return [];
    if (!this.#hasAsked) {
      this.#hasAsked = true;
      return this.#parts.ranges;
    }
    const ranges = await this.#parts.rangesOf(this.#parts.assigned ?? [...this.#seen.values()]);
    await this.#restore(ranges);
    return ranges;
  }

  /**
   * Commits again where the group has been sent back: a member that has lost a partition can still commit what it had
   * delivered of it. Everything before either position is accounted for, and the records between would come again.
   */
  async #restore(ranges: readonly PartitionRange[]): Promise<void> {
    const sentBack = ranges.flatMap((range) => {
      const stored = this.#stored.get(nameOf(range));
      return stored && range.committed !== null && range.committed < stored.offset ? [stored] : [];
    });
    if (sentBack.length > 0) await this.commit(sentBack);
  }

  /** After a rebalance the instance stays: leaving and joining again would rebalance the others, who would do the same. */
  async close(): Promise<void> {
    this.#over.abort("it was closed");
    if (!this.#keepsInstance) await this.#parts.leave();
  }

  async *#read(): AsyncGenerator<readonly KafkaRecord[]> {
    const { instance, polled, gaps, stop, waits } = this.#parts;
    const ended = AbortSignal.any([stop, this.#over.signal]);
    gaps.restart();
    for (const range of this.#parts.ranges) this.#expect(range);
    for (const records of polled) {
      if (records.length > 0) yield await this.#checked(records);
    }
    while (!ended.aborted) {
      const beganAtMs = performance.now();
      const records = await instance.poll(ended);
      if (await this.#isRebalanced(records)) {
        this.#keepsInstance = true;
        this.#over.abort("the group was rebalanced");
        return;
      }
      yield await this.#checked(records);
      const restMs = waits.idleMs - (performance.now() - beganAtMs);
      if (records.length === 0 && restMs > 0) await wait(restMs, undefined, { signal: ended });
    }
  }

  /** Without those that the group has committed, of an instance that began at the beginning all the same. */
  async #checked(records: readonly KafkaRecord[]): Promise<readonly KafkaRecord[]> {
    const { instance, gaps, isFromEarliest } = this.#parts;
    const fresh = new Map(records.filter((each) => !this.#seen.has(nameOf(each))).map((each) => [nameOf(each), each]));
    for (const [name, partition] of fresh) this.#seen.set(name, partition);
    if (instance.settings.dialect.assigned === null) {
      const committed = await instance.committed([...fresh.values()]);
      for (const position of committed) this.#start.set(nameOf(position), position.offset);
      for (const name of fresh.keys()) if (isFromEarliest) gaps.expect(name, this.#start.get(name) ?? 0);
    }
    gaps.check(records);
    if (instance.settings.dialect.resumes) return records;
    return records.filter((record) => record.offset >= (this.#start.get(nameOf(record)) ?? 0));
  }

  /** Where a partition goes on, if it is known where the group stands. */
  #expect(range: PartitionRange): void {
    const { instance, gaps, isFromEarliest } = this.#parts;
    const { committed, earliest } = range;
    const isNew = committed === null && instance.settings.dialect.committed !== null && isFromEarliest;
    const start = isNew ? earliest : committed === null ? null : Math.max(committed, earliest ?? 0);
    if (start !== null) gaps.expect(nameOf(range), start);
  }

  /**
   * Asked after a poll that brought nothing, as polls do in a rebalance, or a record of somebody else's partition; and
   * now and then. What such a poll brought comes again, since nothing of it is committed.
   */
  async #isRebalanced(records: readonly KafkaRecord[]): Promise<boolean> {
    const before = this.#assigned;
    if (before === null) return false;
    const isDue = performance.now() - this.#askedAtMs >= this.pollEveryMs;
    const isStrange = records.length === 0 || records.some((record) => !before.has(nameOf(record)));
    if (!isDue && !isStrange) return false;
    const assigned = (await this.#parts.instance.assigned()) ?? [];
    this.#askedAtMs = performance.now();
    return assigned.length !== before.size || assigned.some((each) => !before.has(nameOf(each)));
  }
}
