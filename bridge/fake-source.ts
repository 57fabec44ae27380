import type { KafkaRecord, Position } from "./kafka-record.ts";
import { nameOf } from "./kafka-record.ts";
import type { PartitionRange, Session, Source } from "./source.ts";

/** Partitions in memory, for tests: a group of one member, whose sessions a test can end. */
export class FakeSource implements Source {
  /** Each partition's log, by name; what was deleted is left out. */
  readonly logs = new Map<string, KafkaRecord[]>();
  readonly committed = new Map<string, number>();
  readonly commits: (readonly Position[])[] = [];
  opened = 0;
  closed = 0;
  isClosed = false;
  /** How many records a batch has. */
  batch = 3;
  /** How long a commit takes, and how many there were at a time. */
  commitMs = 0;
  mostCommits = 0;
  #commitsNow = 0;
  /** Thrown by the next calls, first one first. */
  readonly openFailures: Error[] = [];
  readonly commitFailures: Error[] = [];
  readonly pollEveryMs?: number;
  #over = new AbortController();
  #wake: () => void = () => undefined;

  constructor(pollEveryMs?: number) {
    if (pollEveryMs !== undefined) this.pollEveryMs = pollEveryMs;
  }

  /** Appends records, as a producer would. */
  add(...records: readonly KafkaRecord[]): void {
    for (const record of records) {
      const log = this.logs.get(nameOf(record)) ?? [];
      log.push(record);
      this.logs.set(nameOf(record), log);
    }
    this.#wake();
  }

  /** Ends the session, as a rebalance or a lost connection does. */
  endSession(reason: string | Error): void {
    this.#over.abort(reason);
    this.#wake();
  }

  open = async (): Promise<Session> => {
    this.opened += 1;
    const failure = this.openFailures.shift();
    if (failure) throw failure;
    const over = new AbortController();
    this.#over = over;
    return {
      records: this.#read(over.signal),
      over: over.signal,
      ...(this.pollEveryMs !== undefined && { pollEveryMs: this.pollEveryMs }),
      commit: async (positions) => {
        const fault = this.commitFailures.shift();
        if (fault) throw fault;
        this.mostCommits = Math.max(this.mostCommits, ++this.#commitsNow);
        if (this.commitMs > 0) await new Promise((resolve) => setTimeout(resolve, this.commitMs));
        this.#commitsNow -= 1;
        this.commits.push(positions);
        for (const position of positions) this.committed.set(nameOf(position), position.offset);
      },
      partitions: async () => [...this.logs].map(([name, log]) => this.#rangeOf(name, log)),
      close: async () => {
        this.closed += 1;
        over.abort("closed");
        this.#wake();
      },
    };
  };

  close = async (): Promise<void> => {
    this.isClosed = true;
  };

  #rangeOf(name: string, log: readonly KafkaRecord[]): PartitionRange {
    const [first] = log as [KafkaRecord, ...KafkaRecord[]];
    const last = log.at(-1) as KafkaRecord;
    const { topic, partition } = first;
    return {
      ...{ topic, partition, earliest: first.offset, latest: last.offset + 1 },
      committed: this.committed.get(name) ?? null,
    };
  }

  async *#read(over: AbortSignal): AsyncGenerator<readonly KafkaRecord[]> {
    const positions = new Map(this.committed);
    while (!over.aborted) {
      for (const [name, log] of this.logs) {
        const from = positions.get(name) ?? 0;
        const batch = log.filter(({ offset }) => offset >= from).slice(0, this.batch);
        if (batch.length === 0) continue;
        positions.set(name, (batch.at(-1) as KafkaRecord).offset + 1);
        yield batch;
        if (over.aborted) return;
      }
      const isRead = [...this.logs].every(([name, log]) => (log.at(-1)?.offset ?? -1) < (positions.get(name) ?? 0));
      if (isRead) await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
