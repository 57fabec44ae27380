import type { Random } from "../../samples/random.ts";

export type CallKind = "create" | "subscribe" | "poll" | "commit" | "ask" | "seek" | "delete";

export type Fault =
  | "none"
  /** Done, and the answer breaks off on the wire. */
  | "cut"
  /** Done, and never answered. */
  | "hangs after"
  /** Not done, and never answered. */
  | "hangs before"
  | "error"
  /** Of a poll: an error object in place of the records, which are behind the position. */
  | "error object"
  | "422"
  | "406"
  | "empty"
  /** Of a poll: a balancer asked twice, and passed only the second answer on. */
  | "asked twice"
  /** Of a DELETE: it takes long, as with a member that does not poll. */
  | "slow";

const FAULTS: Readonly<Record<CallKind, readonly Fault[]>> = {
  create: ["error", "hangs after", "hangs before", "cut"],
  subscribe: ["error", "cut"],
  poll: [
    "cut",
    "cut",
    "hangs after",
    "hangs before",
    "error",
    "error object",
    "422",
    "406",
    "empty",
    "empty",
    "asked twice",
  ],
  commit: ["cut", "hangs after", "hangs before", "error"],
  ask: ["error", "cut"],
  seek: ["error", "cut"],
  delete: ["slow", "error", "cut"],
};

/** Faults of a schedule, a limited number of them, so that it comes to an end. */
export class Faults {
  readonly #random: Random;
  readonly #chance: number;
  #left: number;
  readonly happened: string[] = [];

  constructor(random: Random, limit: number, chance: number) {
    this.#random = random;
    this.#left = limit;
    this.#chance = chance;
  }

  next(kind: CallKind): Fault {
    if (this.#left === 0 || !this.#random.chance(this.#chance)) return "none";
    const fault = this.#random.pick(FAULTS[kind]);
    this.#left -= 1;
    this.happened.push(`${kind} ${fault}`);
    return fault;
  }
}
