/** A record as the stand-in keeps it. */
export type StoredRecord = {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly timestamp: number;
};

type Member = {
  readonly topics: readonly string[];
  assignment: readonly string[];
  readonly positions: Map<string, number>;
  isBack: boolean;
};

export type BrokerHabits = {
  /** How long a rebalance waits for members that do not poll, before it goes on without them. */
  readonly rebalanceMs: number;
  /** Whether a member keeps its position in partitions that stay its own, instead of going back to what is committed. */
  readonly keepsPositions: boolean;
  /** Where a partition goes on that this is stored for, or that nothing is stored for. */
  readonly startOf: (stored: number | undefined) => number;
};

/** Topics and one consumer group, as members of the group see them through a proxy. */
export class StandInBroker {
  readonly #habits: BrokerHabits;
  readonly #logs = new Map<string, StoredRecord[]>();
  readonly #members = new Map<string, Member>();
  #rebalancingSinceMs: number | undefined;
  /** What commits have stored, as it is stored. */
  readonly stored = new Map<string, number>();
  /** Called with every stored position. */
  onStored: (partition: string, stored: number) => void = () => undefined;
  rebalances = 0;

  constructor(habits: BrokerHabits) {
    this.#habits = habits;
  }

  addTopic(topic: string, partitions: number): void {
    for (let partition = 0; partition < partitions; partition++) this.#logs.set(`${topic}-${partition}`, []);
  }

  get topics(): string[] {
    return [...new Set([...this.#logs.keys()].map(topicOf))];
  }

  get partitions(): string[] {
    return [...this.#logs.keys()];
  }

  log(partition: string): readonly StoredRecord[] {
    return this.#logs.get(partition) ?? [];
  }

  has(partition: string): boolean {
    return this.#logs.has(partition);
  }

  append(topic: string, partition: number, record: Pick<StoredRecord, "key" | "value" | "timestamp">): void {
    const log = this.#logs.get(`${topic}-${partition}`) as StoredRecord[];
    log.push({ topic, partition, offset: log.length, ...record });
  }

  join(id: string, topics: readonly string[]): void {
    this.#members.set(id, { topics, assignment: [], positions: new Map(), isBack: false });
    this.#rebalance();
  }

  leave(id: string): void {
    if (this.#members.delete(id)) this.#rebalance();
  }

  isMember(id: string): boolean {
    return this.#members.has(id);
  }

  assignmentOf(id: string): readonly string[] {
    return this.#members.get(id)?.assignment ?? [];
  }

  /** Reads on, and moves the position: whoever asks has to bring the records home. */
  read(id: string, limit: number): StoredRecord[] {
    const member = this.#members.get(id);
    if (!member) return [];
    if (this.#rebalancingSinceMs !== undefined) {
      member.isBack = true;
      this.#assign();
      return [];
    }
    const records: StoredRecord[] = [];
    for (const partition of member.assignment) {
      const position = this.#positionOf(member, partition);
      const read = this.log(partition).slice(position, position + limit - records.length);
      member.positions.set(partition, position + read.length);
      records.push(...read);
    }
    return records;
  }

  seek(id: string, partition: string, offset: number): boolean {
    const member = this.#members.get(id);
    if (!member?.assignment.includes(partition)) return false;
    member.positions.set(partition, offset);
    return true;
  }

  /** Where the proxy's consumer stands, whatever became of what it read. */
  positionsOf(id: string): ReadonlyMap<string, number> {
    return this.#members.get(id)?.positions ?? new Map();
  }

  store(partition: string, offset: number): void {
    this.stored.set(partition, offset);
    this.onStored(partition, offset);
  }

  /** Where the group goes on. */
  nextOf(partition: string): number {
    return this.#habits.startOf(this.stored.get(partition));
  }

  #positionOf(member: Member, partition: string): number {
    const known = member.positions.get(partition);
    if (known !== undefined) return known;
    const start = Math.min(this.nextOf(partition), this.log(partition).length);
    member.positions.set(partition, start);
    return start;
  }

  #rebalance(): void {
    this.rebalances += 1;
    this.#rebalancingSinceMs = performance.now();
    for (const member of this.#members.values()) member.isBack = false;
  }

  /** Ends a rebalance when all members are back, or those that are not have been waited for. */
  #assign(): void {
    const absent = [...this.#members].filter(([, { isBack }]) => !isBack);
    const sinceMs = this.#rebalancingSinceMs as number;
    if (absent.length > 0 && performance.now() - sinceMs < this.#habits.rebalanceMs) return;
    for (const [id] of absent) this.#members.delete(id);
    this.#rebalancingSinceMs = undefined;
    const ids = [...this.#members.keys()].sort();
    for (const id of ids) {
      const member = this.#members.get(id) as Member;
      const assignment = this.topics.flatMap((topic) => {
        const readers = ids.filter((each) => this.#members.get(each)?.topics.includes(topic));
        const own = readers.indexOf(id);
        const partitions = this.partitions.filter((partition) => topicOf(partition) === topic);
        const share = partitions.length / readers.length;
        return own < 0 ? [] : partitions.slice(Math.round(own * share), Math.round((own + 1) * share));
      });
      for (const partition of [...member.positions.keys()]) {
        const stays = assignment.includes(partition) && member.assignment.includes(partition);
        if (!stays || !this.#habits.keepsPositions) member.positions.delete(partition);
      }
      member.assignment = assignment;
    }
  }
}

const topicOf = (partition: string): string => partition.slice(0, partition.lastIndexOf("-"));
