import type { BridgeEvent } from "../events.ts";
import { Positions } from "./positions.ts";

export type WaitedFor = "Concord" | "the schema registry";

/** What the bridge is doing. */
export type Phase =
  /** It has no partitions. `reason` is why the last session ended. */
  | { readonly kind: "joining"; readonly sinceMs: number; readonly reason: string | null }
  | { readonly kind: "delivering"; readonly sinceMs: number }
  /** Concord takes no records now, or the schema registry does not answer. */
  | {
      readonly kind: "waiting";
      readonly sinceMs: number;
      readonly on: WaitedFor;
      readonly reason: string;
    }
  | { readonly kind: "ended"; readonly sinceMs: number; readonly reason: string };

export const PHASES: readonly Phase["kind"][] = ["joining", "delivering", "waiting", "ended"];

export type Totals = {
  readonly consumed: number;
  readonly accepted: number;
  readonly deadLettered: number;
  /** Deleted by retention before they were read. */
  readonly lost: number;
};

/** What waits in memory, or is on the wire. */
export type Buffered = { readonly records: number; readonly bytes: number };

/** The bridge as its events tell. The status line, /metrics and /healthz all read this. */
export class BridgeState {
  readonly positions: Positions;
  readonly #now: () => number;
  #phase: Phase;
  #totals: Totals = { consumed: 0, accepted: 0, deadLettered: 0, lost: 0 };
  #buffered: Buffered = { records: 0, bytes: 0 };

  constructor(now: () => number, beginsAtEarliest: boolean) {
    this.#now = now;
    this.positions = new Positions(now, beginsAtEarliest);
    this.#phase = { kind: "joining", sinceMs: now(), reason: null };
  }

  get phase(): Phase {
    return this.#phase;
  }

  get totals(): Totals {
    return this.#totals;
  }

  get buffered(): Buffered {
    return this.#buffered;
  }

  on(event: BridgeEvent): void {
    this.positions.on(event);
    const sinceMs = this.#now();
    switch (event.kind) {
      case "session.opened":
        this.#phase = { kind: "delivering", sinceMs };
        return;
      case "session.ended":
        this.#phase = { kind: "joining", sinceMs, reason: event.reason };
        this.#buffered = { records: 0, bytes: 0 };
        return;
      case "consumed":
        this.#count({ consumed: event.records.length });
        // Nothing is read while a registry is waited for.
        this.#resume("the schema registry");
        return;
      case "buffered":
        this.#buffered = event;
        return;
      case "delivered":
        this.#count({ accepted: event.accepted, deadLettered: event.deadLettered });
        if (event.notKept === 0) this.#resume("Concord");
        return;
      case "delivery.retried":
        this.#wait("Concord", event.reason);
        return;
      case "registry.retried":
        this.#wait("the schema registry", event.reason);
        return;
      case "gap":
        if (event.cause === "retention") this.#count({ lost: event.to - event.from });
        return;
      case "ended":
        this.#phase = { kind: "ended", sinceMs, reason: event.reason };
        return;
    }
  }

  /** Since the first of the attempts that failed; the reason is the last one's. */
  #wait(on: WaitedFor, reason: string): void {
    const isWaiting = this.#phase.kind === "waiting" && this.#phase.on === on;
    this.#phase = { kind: "waiting", on, sinceMs: isWaiting ? this.#phase.sinceMs : this.#now(), reason };
  }

  #resume(on: WaitedFor): void {
    if (this.#phase.kind === "waiting" && this.#phase.on === on)
      this.#phase = { kind: "delivering", sinceMs: this.#now() };
  }

  #count(more: Partial<Totals>): void {
    const { consumed, accepted, deadLettered, lost } = this.#totals;
    this.#totals = {
      consumed: consumed + (more.consumed ?? 0),
      accepted: accepted + (more.accepted ?? 0),
      deadLettered: deadLettered + (more.deadLettered ?? 0),
      lost: lost + (more.lost ?? 0),
    };
  }
}
