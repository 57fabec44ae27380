import { MINUTE_MS } from "#domain/time.ts";
import type { Watched } from "#repositories/watch.ts";

/** How long a watch lasts in D1 unless it is renewed. Our choice. */
export const LEASE_MS = 20 * MINUTE_MS;

/** We treat a lease as expired this much before D1 does, which has its own clock and counts whole seconds. Our choice. */
const MARGIN_MS = MINUTE_MS;

const KEY = "lease";

type Stored = {
  readonly watched: Watched;
  readonly untilMs: number;
  /** When to retry after D1 failed. */
  readonly retryAtMs?: number;
};

/** The object's record of its watch in D1. It survives hibernation. */
export class Lease {
  readonly #kv: SyncKvStorage;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
  }

  get watched(): Watched | undefined {
    return this.#kv.get<Stored>(KEY)?.watched;
  }

  /** Whether the watch is certainly still in D1, so that every event since it began has reached this object. */
  isHeld(nowMs: number): boolean {
    return (this.#kv.get<Stored>(KEY)?.untilMs ?? 0) > nowMs;
  }

  /** When to renew it, or without subscribers to release it; `null` if there is none. */
  dueMs(hasSubscribers: boolean): number | null {
    const stored = this.#kv.get<Stored>(KEY);
    if (!stored) return null;
    const due = hasSubscribers ? stored.untilMs - LEASE_MS / 2 : stored.untilMs;
    return Math.max(due, stored.retryAtMs ?? due);
  }

  postpone(retryAtMs: number): void {
    const stored = this.#kv.get<Stored>(KEY);
    if (stored) this.#kv.put(KEY, { ...stored, retryAtMs });
  }

  /** @param askedAtMs when the statement was sent; D1 counts the lease from a later time */
  hold(watched: Watched, askedAtMs: number): void {
    this.#kv.put(KEY, { watched, untilMs: askedAtMs + LEASE_MS - MARGIN_MS });
  }

  release(): void {
    this.#kv.delete(KEY);
  }
}
