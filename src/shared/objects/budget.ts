/** How long a budget lasts, and when it is full again: at each whole minute. */
export const WINDOW_MS = 60_000;

/** A part of a caller's budget, for the isolate that asked for it, until the budget is full again. */
export type Lease = {
  /** Points; fewer than were wanted, or none, if no more are left. */
  readonly granted: number;
  /** Points that nobody has been granted yet. */
  readonly remaining: number;
  /** Milliseconds since 1970 UTC. */
  readonly resetAtMs: number;
};

/** The RPC interface of the object that has one caller's budget. */
export interface BudgetObject {
  /** @param limit the whole budget of a minute, in points */
  lease(wanted: number, limit: number): Promise<Lease>;
}

/** What is left of one caller's minute. What was leased is not given back, so the sum of all leases is the limit at most. */
export class Allowance {
  #resetAtMs = 0;
  #leased = 0;

  lease(wanted: number, limit: number, nowMs: number): Lease {
    if (nowMs >= this.#resetAtMs) {
      this.#resetAtMs = (Math.floor(nowMs / WINDOW_MS) + 1) * WINDOW_MS;
      this.#leased = 0;
    }
    const granted = Math.max(Math.min(wanted, limit - this.#leased), 0);
    this.#leased += granted;
    return { granted, remaining: Math.max(limit - this.#leased, 0), resetAtMs: this.#resetAtMs };
  }
}
