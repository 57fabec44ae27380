import { parseRecord, type RawRecord, type Rejection } from "#contracts/parse.ts";
import type { ConcordEvent } from "#domain/event.ts";
import { EMPTY_FLEET, type Fleet, merge } from "#domain/fleet.ts";
import type { MergeOutcome } from "#domain/outcome.ts";
import type { Consistency } from "#repositories/consistency.ts";

/** What became of a record: as Concord would count it. */
export type Delivered =
  | { readonly outcome: MergeOutcome; readonly event: ConcordEvent }
  | { readonly outcome: "deadLettered"; readonly rejection: Rejection };

type State = { readonly token: string; readonly fleet: Fleet };

/**
 * A fleet in memory, with Concord's own rules: records are parsed by their contracts, and events are joined by the same
 * `merge`, so their order and repetition do not matter here either.
 */
export class MemoryFleet {
  #states: State[] = [{ token: tokenOf(1), fleet: EMPTY_FLEET }];
  #replica: State | null = null;

  /** Merges events. @returns the outcome of each, in order */
  merge(events: readonly ConcordEvent[]): readonly MergeOutcome[] {
    const { fleet, outcomes } = merge(this.#newest.fleet, events);
    if (fleet !== this.#newest.fleet) this.#states.push({ token: tokenOf(this.#states.length + 1), fleet });
    return outcomes;
  }

  /**
   * Takes records as the boundary and the consumer do.
   * @param nowMs milliseconds since 1970 UTC, with which the times of events are compared
   * @returns what became of each, in order
   */
  deliver(records: readonly RawRecord[], nowMs = Date.now()): Delivered[] {
    return records.map((record) => {
      const parsed = parseRecord({ receivedAtMs: nowMs, ...record }, nowMs);
      if (!parsed.ok) return { outcome: "deadLettered", rejection: parsed.rejection };
      return { outcome: this.merge([parsed.event])[0] as MergeOutcome, event: parsed.event };
    });
  }

  /** From now on, reads see what there is now, as from a replica that lags behind. Strong ones and those with a newer token see all. */
  holdReplica(): void {
    this.#replica ??= this.#newest;
  }

  /** The replica has caught up. */
  releaseReplica(): void {
    this.#replica = null;
  }

  /** What a read of this consistency sees, with the token of it. */
  read(consistency: Consistency): State {
    const replica = this.#replica ?? this.#newest;
    if (consistency.kind === "nearest") return replica;
    return consistency.kind === "atLeast" && consistency.bookmark <= replica.token ? replica : this.#newest;
  }

  get #newest(): State {
    return this.#states.at(-1) as State;
  }
}

/** In the form of D1's bookmarks, which sort by age. */
const tokenOf = (count: number): string => `00000001-${count.toString(16).padStart(8, "0")}-00000000-${"0".repeat(32)}`;
