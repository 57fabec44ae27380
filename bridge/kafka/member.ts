import { setTimeout as wait } from "node:timers/promises";
import type { Consumer } from "@platformatic/kafka";
import { nameOf, type Position, type TopicPartition } from "../kafka-record.ts";
import type { BrokerSettings } from "../source-settings.ts";
import { connectionOptions } from "./connection.ts";
import { describe, hasApiError, within } from "./failures.ts";
import type { Library } from "./library.ts";

/**
 * How long a classic group waits for a member that is gone without a word, such as a bridge that was killed. Of a KIP-848
 * group the broker decides: `group.consumer.session.timeout.ms`.
 */
const SESSION_TIMEOUT_MS = 10_000;
const HEARTBEAT_MS = 2_000;
/** How long a group waits for its members to join again. */
const REBALANCE_TIMEOUT_MS = 20_000;
/** After so long without an answer to a heartbeat this member is given up. */
const STALL_MS = 20_000;
const JOIN_MS = 60_000;
/** How long a new member waits for partitions before it believes that there are none for it. */
const FIRST_ASSIGNMENT_MS = 5_000;
const COMMIT_MS = 15_000;
const LEAVE_MS = 5_000;
/** How often the assignment is looked at: a KIP-848 group tells of a new one by no event. */
const LOOK_MS = 100;

/**
 * A member of the consumer group, which outlives sessions as long as it stays in the group. Only its membership is the
 * client's: records are fetched by a `Reader`, because the client's own stream reads on over a rebalance.
 */
export class Member {
  readonly #consumer: Consumer;
  #isRebalancing = false;
  #failure: Error | undefined;

  private constructor({ Consumer }: Library, settings: BrokerSettings) {
    const isClassic = settings.groupProtocol === "classic";
    this.#consumer = new Consumer({
      ...connectionOptions(settings),
      groupId: settings.group,
      autocommit: false,
      heartbeatStallTimeout: STALL_MS,
      ...(isClassic
        ? {
            groupProtocol: "classic",
            sessionTimeout: SESSION_TIMEOUT_MS,
            heartbeatInterval: HEARTBEAT_MS,
            rebalanceTimeout: REBALANCE_TIMEOUT_MS,
          }
        : { groupProtocol: "consumer" }),
    });
    // Its type declares no error, but a failed rejoin is emitted as one.
    (this.#consumer as NodeJS.EventEmitter).on("error", (error: Error) => this.#fail(error));
    this.#consumer.on("consumer:heartbeat:error", ({ error }) => {
      // The broker has forgotten this member, and the client would go on asking for it.
      if (!isClassic && hasApiError(error, "UNKNOWN_MEMBER_ID")) this.#fail(error);
    });
    this.#consumer.on("consumer:heartbeat:stalled", ({ lastError }) =>
      this.#fail(lastError ?? new Error("the group's coordinator does not answer")),
    );
    if (isClassic) {
      this.#consumer.on("consumer:group:rebalance", () => {
        this.#isRebalancing = true;
      });
      this.#consumer.on("consumer:group:join", () => {
        this.#isRebalancing = false;
      });
    }
  }

  /** Joins the group, and waits until it is known which partitions are ours. @throws Error */
  static async join(library: Library, settings: BrokerSettings, topics: readonly string[]): Promise<Member> {
    const member = new Member(library, settings);
    try {
      await within(JOIN_MS, "joining the consumer group", member.#join(topics));
      return member;
    } catch (error) {
      void member.leave();
      throw error;
    }
  }

  async #join(topics: readonly string[]): Promise<void> {
    this.#consumer.topics.trackAll(...topics);
    // The client joins when it is to consume; the stream that it makes for that is for no topic.
    const stream = await this.#consumer.consume({ topics: [], mode: "latest" });
    stream.on("error", () => undefined);
    stream.destroy();
    // A KIP-848 group assigns nothing at first, and takes partitions from others in its own time.
    const graceMs = performance.now() + FIRST_ASSIGNMENT_MS;
    const isAssigned = () => this.assigned.length > 0 || (this.#consumer.assignments && performance.now() > graceMs);
    while (!isAssigned() && !this.#failure) await wait(LOOK_MS);
    if (this.#failure) throw this.#failure;
  }

  /** Why this member cannot go on. Another has to join in its place. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Partitions that are ours, by topic and then by partition. */
  get assigned(): readonly TopicPartition[] {
    return (this.#consumer.assignments ?? [])
      .flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })))
      .toSorted((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1));
  }

  /** Resolves when the group is not assigning its partitions. */
  async settled(signal: AbortSignal): Promise<void> {
    while (this.#isRebalancing && !this.#failure && !signal.aborted) await wait(LOOK_MS);
  }

  /**
   * Calls back once when partitions are not those any more, or this member has failed. A rebalance that leaves them ours
   * ends nothing: nobody else has read them.
   * @returns stops looking
   */
  watch(partitions: readonly TopicPartition[], onEnd: (reason: Error | string) => void): () => void {
    const before = namesOf(partitions);
    const timer = setInterval(() => {
      const now = namesOf(this.assigned);
      if (!this.#failure && now === before) return;
      clearInterval(timer);
      onEnd(this.#failure ?? `the group has assigned its partitions anew: ${this.assigned.length} are ours now`);
    }, LOOK_MS);
    return () => clearInterval(timer);
  }

  /** Stores positions of partitions that are ours when a rebalance that is under way has ended. @throws Error */
  async commit(positions: readonly Position[]): Promise<void> {
    await within(COMMIT_MS, "the rebalance before a commit", this.settled(AbortSignal.timeout(COMMIT_MS)));
    if (this.#failure) throw this.#failure;
    const ours = new Set(this.assigned.map(nameOf));
    const offsets = positions
      .filter((position) => ours.has(nameOf(position)))
      .map(({ topic, partition, offset }) => ({ topic, partition, offset: BigInt(offset), leaderEpoch: -1 }));
    if (offsets.length === 0) return;
    // During a rebalance the client may leave a commit unanswered.
    await within(COMMIT_MS, "a commit", this.#consumer.commit({ offsets })).catch((error: unknown) => {
      throw new Error(`positions may not be committed: ${describe(error)}`, { cause: error });
    });
  }

  /** Positions that the group has committed, by partition. One without a position is not among them. @throws Error */
  async committed(partitions: readonly TopicPartition[]): Promise<ReadonlyMap<string, number>> {
    const byTopic = Map.groupBy(partitions, ({ topic }) => topic);
    const topics = [...byTopic].map(([topic, all]) => ({ topic, partitions: all.map(({ partition }) => partition) }));
    if (topics.length === 0) return new Map();
    const found = await within(COMMIT_MS, "committed positions", this.#consumer.listCommittedOffsets({ topics }));
    return new Map(
      partitions.flatMap((at) => {
        const offset = found.get(at.topic)?.[at.partition];
        return offset === undefined || offset < 0n ? [] : [[nameOf(at), Number(offset)] as const];
      }),
    );
  }

  /** Leaves the group, so that it need not wait for this member's session to time out. */
  async leave(): Promise<void> {
    await within(LEAVE_MS, "leaving the consumer group", this.#consumer.close(true)).catch(() => undefined);
  }

  #fail(error: Error): void {
    this.#failure ??= new Error(`the consumer group is lost: ${describe(error)}`, { cause: error });
  }
}

const namesOf = (partitions: readonly TopicPartition[]): string => partitions.map(nameOf).join(", ");
