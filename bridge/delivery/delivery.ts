import { pause } from "#base/pause.ts";
import type { Listener } from "../events.ts";
import { type KafkaRecord, nameOf, type Position } from "../kafka-record.ts";
import { StopError } from "../source.ts";
import type { Send } from "./boundary.ts";
import { type Encoded, encode, encodeIdentity } from "./encode.ts";
import { type Gap, Lanes, type Parcel, type ParcelLimits } from "./lanes.ts";

export type DeliverySettings = ParcelLimits & {
  /** Requests at the same time, each with other partitions. */
  readonly requests: number;
  /** What may wait in memory, in bytes as they are written into requests. No batch is asked for while there is more. */
  readonly bufferBytes: number;
};

export type DeliveryDeps = {
  readonly send: Send;
  readonly emit: Listener;
  readonly onGap: (gap: Gap) => void;
  /** From 0 to 1. */
  readonly random: () => number;
  /** How a record is written into a request; as {@link encode} does unless given. */
  readonly encode?: (record: KafkaRecord) => Encoded;
  /** Names a record in errors; by its partition and offset unless given. */
  readonly describePlace?: (at: Position) => string;
};

const placeInKafka = (at: Position): string => `${nameOf(at)} offset ${at.offset}`;

/** How long the first retry of a request waits, at most. Each further one waits twice as long. */
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 30_000;

/**
 * Delivers the records of one session. Every request is sent until the boundary has answered for each of its records,
 * or until the session is closed. While the boundary is unavailable, one request at a time tries it. Waits are measured
 * by a clock that no correction of the time sets back.
 */
export class Delivery {
  readonly #settings: DeliverySettings;
  readonly #deps: DeliveryDeps;
  readonly #lanes: Lanes;
  /** No new request, and no retry. */
  readonly #closing = new AbortController();
  /** Ends requests that are on the wire. */
  readonly #aborting = new AbortController();
  readonly #failing = new AbortController();
  #inFlight = 0;
  #isAvailable = true;
  #isDraining = false;
  #timer: NodeJS.Timeout | undefined;
  #waiters: (() => void)[] = [];

  constructor(settings: DeliverySettings, deps: DeliveryDeps) {
    this.#settings = settings;
    this.#deps = deps;
    this.#lanes = new Lanes(settings);
  }

  /** What waits or is on the wire. */
  get pending(): { readonly records: number; readonly bytes: number } {
    return { records: this.#lanes.records, bytes: this.#lanes.bytes };
  }

  /** Aborted when delivery cannot go on. Its reason is the error that says why, a StopError. */
  get failed(): AbortSignal {
    return this.#failing.signal;
  }

  /** Takes a batch. Resolves once there is room for another, or delivery has ended. */
  async take(records: readonly KafkaRecord[]): Promise<void> {
    for (const record of records) {
      const gap = this.#lanes.add((this.#deps.encode ?? encode)(record), performance.now());
      if (gap) this.#deps.onGap(gap);
    }
    this.#pump();
    await this.#until(() => this.#lanes.bytes < this.#settings.bufferBytes);
  }

  /** Resolves when everything is delivered, or delivery has ended. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    this.#pump();
    await this.#until(() => this.#lanes.records === 0);
    this.#isDraining = false;
  }

  /** Sends nothing new, and waits for requests that are on the wire. @param graceMs after which they are given up */
  async close(graceMs: number): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#timer);
    const timer = setTimeout(() => this.#aborting.abort(), graceMs);
    while (this.#inFlight > 0) await this.#change();
    clearTimeout(timer);
    this.#wake();
  }

  uncommitted(): Position[] {
    return this.#lanes.uncommitted();
  }

  committed(positions: readonly Position[]): void {
    this.#lanes.committed(positions);
  }

  delivered(): ReadonlyMap<string, number> {
    return this.#lanes.delivered();
  }

  get #hasEnded(): boolean {
    return this.#closing.signal.aborted || this.#failing.signal.aborted;
  }

  async #until(holds: () => boolean): Promise<void> {
    while (!holds() && !this.#hasEnded) await this.#change();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #wake(): void {
    for (const waiter of this.#waiters.splice(0)) waiter();
  }

  /** Starts as many requests as there may be, and comes back when the next is due. */
  #pump(): void {
    clearTimeout(this.#timer);
    if (this.#hasEnded) return;
    while (this.#inFlight < (this.#isAvailable ? this.#settings.requests : 1)) {
      const parcel = this.#lanes.take(performance.now(), this.#isDraining);
      if (!parcel) {
        const dueAtMs = this.#lanes.dueAtMs;
        if (dueAtMs !== undefined) {
          this.#timer = setTimeout(() => this.#pump(), Math.max(1, dueAtMs - performance.now()));
        }
        return;
      }
      void this.#carry(parcel);
    }
  }

  async #carry(parcel: Parcel): Promise<void> {
    this.#inFlight += 1;
    const kept = parcel.entries.map(() => false);
    try {
      await this.#deliver(parcel.topic, parcel.entries, (index) => {
        kept[index] = true;
      });
    } catch (error) {
      this.#failing.abort(error);
    }
    this.#lanes.settle(parcel, kept);
    this.#inFlight -= 1;
    this.#wake();
    this.#pump();
  }

  /**
   * Delivers records in their order, in as many requests as that takes.
   * @param keep is called with the index of each that the boundary has
   * @returns whether it has all of them
   */
  async #deliver(topic: string, entries: readonly Encoded[], keep: (index: number) => void): Promise<boolean> {
    for (let attempt = 0; ; attempt++) {
      if (this.#closing.signal.aborted) return false;
      const began = performance.now();
      const answer = await this.#deps.send(topic, entries, this.#aborting.signal);
      switch (answer.kind) {
        case "answered": {
          const notKept = answer.kept.filter((each) => !each).length;
          const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
          const { accepted, deadLettered } = answer;
          this.#isAvailable = notKept === 0;
          const durationMs = Math.round(performance.now() - began);
          this.#deps.emit({ kind: "delivered", topic, accepted, deadLettered, notKept, bytes, durationMs });
          for (const [index, isKept] of answer.kept.entries()) if (isKept) keep(index);
          if (notKept > 0) await this.#pause(topic, "the queue did not take all records", undefined, attempt);
          return notKept === 0;
        }
        case "retry":
          this.#isAvailable = false;
          await this.#pause(topic, answer.reason, answer.retryAfterMs, attempt);
          break;
        case "refused":
          return this.#deliverApart(topic, entries, answer, keep);
        default:
          return answer satisfies never;
      }
    }
  }

  /**
   * A refused request is halved until the record is found that it is refused for; the others go their way. What is
   * behind one that was not kept waits: it would overtake that one.
   */
  async #deliverApart(
    topic: string,
    entries: readonly Encoded[],
    refused: { readonly status: number; readonly message: string },
    keep: (index: number) => void,
  ): Promise<boolean> {
    const [only] = entries as [Encoded];
    if (entries.length > 1) {
      const middle = Math.ceil(entries.length / 2);
      const isKept = await this.#deliver(topic, entries.slice(0, middle), keep);
      return isKept && this.#deliver(topic, entries.slice(middle), (index) => keep(middle + index));
    }
    const identity = encodeIdentity(only);
    const { describePlace = placeInKafka } = this.#deps;
    if (identity.text === only.text)
      throw new StopError(
        `Concord refuses even what identifies the record at ${describePlace(only.at)} (${refused.status}: ${refused.message}). Nothing of it is kept, and nothing behind it is sent before it. Find out who answers so, and start again.`,
      );
    this.#deps.emit({ ...refused, kind: "record.refused", at: only.at });
    return this.#deliver(topic, [identity], keep);
  }

  async #pause(topic: string, reason: string, retryAfterMs: number | undefined, attempt: number): Promise<void> {
    const backoffMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
    // Many bridges that were told the same time would come back in the same moment.
    const waitMs = Math.round((retryAfterMs ?? backoffMs / 2) + (backoffMs / 2) * this.#deps.random());
    if (this.#closing.signal.aborted) return;
    this.#deps.emit({ kind: "delivery.retried", topic, reason, waitMs });
    await pause(waitMs, this.#closing.signal);
  }
}
