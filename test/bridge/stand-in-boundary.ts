import { setTimeout as wait } from "node:timers/promises";
import type { Answer, Send } from "../../bridge/delivery/boundary.ts";
import type { Random } from "../../samples/random.ts";

type BoundaryFault = "none" | "429" | "503" | "lost answer" | "takes the beginning" | "413" | "is slow";

const FAULTS: readonly BoundaryFault[] = ["429", "503", "lost answer", "takes the beginning", "413", "is slow"];

/** Records that it refuses even alone: what identifies them is sent instead. */
const isTooLarge = (offset: number) => offset % 41 === 17;

/** Stands for Concord: takes records, keeps what it took, and says when it took one before an earlier one of its key. */
export class StandInBoundary {
  readonly #random: Random;
  readonly #chance: number;
  readonly #keyOf: (partition: string, offset: number) => string | null;
  #faultsLeft: number;
  readonly #accepted = new Map<string, Set<number>>();
  readonly #lastOfKey = new Map<string, number>();
  readonly problems: string[] = [];
  readonly happened: string[] = [];
  acceptances = 0;

  constructor(
    random: Random,
    faults: number,
    chance: number,
    keyOf: (partition: string, offset: number) => string | null,
  ) {
    this.#random = random;
    this.#faultsLeft = faults;
    this.#chance = chance;
    this.#keyOf = keyOf;
  }

  has(partition: string, offset: number): boolean {
    return this.#accepted.get(partition)?.has(offset) === true;
  }

  /** Of a bridge that is killed, requests that were on the wire still arrive, and no answer does. */
  send(isKilled: () => boolean): Send {
    return async (_topic, entries, signal): Promise<Answer> => {
      const lost = { kind: "retry", reason: "no answer", retryAfterMs: 3 } as const;
      if (isKilled()) return lost;
      const fault = this.#nextFault();
      await wait(fault === "is slow" ? 120 : this.#random.int(0, 4));
      if (fault === "429" || fault === "503") return { kind: "retry", reason: fault, retryAfterMs: 3 };
      const isRefused = fault === "413" && entries.length > 1;
      const refused = entries.find(({ at, text }) => isTooLarge(at.offset) && !text.includes('"cut":'));
      if (isRefused || refused) return { kind: "refused", status: 413, message: "too large" };
      const taken = fault === "takes the beginning" ? this.#random.int(0, entries.length - 1) : entries.length;
      for (const { at } of entries.slice(0, taken)) this.#accept(`${at.topic}-${at.partition}`, at.offset);
      if (fault === "lost answer" || isKilled() || signal.aborted) return lost;
      return { kind: "answered", kept: entries.map((_, index) => index < taken), accepted: taken, deadLettered: 0 };
    };
  }

  #accept(partition: string, offset: number): void {
    this.acceptances += 1;
    const offsets = this.#accepted.get(partition) ?? new Set();
    this.#accepted.set(partition, offsets);
    if (offsets.has(offset)) return;
    offsets.add(offset);
    const key = `${partition} ${this.#keyOf(partition, offset)}`;
    const last = this.#lastOfKey.get(key) ?? -1;
    if (offset < last) this.problems.push(`${partition} ${offset} was first accepted after ${last} of the same key`);
    this.#lastOfKey.set(key, Math.max(last, offset));
  }

  #nextFault(): BoundaryFault {
    if (this.#faultsLeft === 0 || !this.#random.chance(this.#chance)) return "none";
    const fault = this.#random.pick(FAULTS);
    this.#faultsLeft -= 1;
    this.happened.push(fault);
    return fault;
  }
}
