import type { Watched } from "../../../src/shared/repositories/watch.ts";

/** How long D1 remembers that somebody watches, unless it is told again. Ours. */
export const LEASE_MS = 20 * 60_000;

/** D1 counts whole seconds and by its own clock; so much earlier than D1 we take a lease for over. Ours. */
const MARGIN_MS = 60_000;

const KEY = "lease";

type Stored = {
  readonly watched: Watched;
  readonly untilMs: number;
  /** When to try again what D1 refused. */
  readonly retryAtMs?: number;
};

/** That what an object stands for is watched, and that D1 knows. Survives the object's sleep. */
export class Lease {
  readonly #kv: SyncKvStorage;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
  }

  get watched(): Watched | undefined {
    return this.#kv.get<Stored>(KEY)?.watched;
  }

  /** Whether everything that happened since it began has come here. */
  isHeld(nowMs: number): boolean {
    return (this.#kv.get<Stored>(KEY)?.untilMs ?? 0) > nowMs;
  }

  /** When something is to be done about it: renewed, or let go. */
  dueMs(isListenedTo: boolean): number | null {
    const stored = this.#kv.get<Stored>(KEY);
    if (!stored) return null;
    const due = isListenedTo ? stored.untilMs - LEASE_MS / 2 : stored.untilMs;
    return Math.max(due, stored.retryAtMs ?? due);
  }

  putOff(retryAtMs: number): void {
    const stored = this.#kv.get<Stored>(KEY);
    if (stored) this.#kv.put(KEY, { ...stored, retryAtMs });
  }

  /** @param askedAtMs when D1 was asked, which is before it answered */
  hold(watched: Watched, askedAtMs: number): void {
    this.#kv.put(KEY, { watched, untilMs: askedAtMs + LEASE_MS - MARGIN_MS });
  }

  letGo(): void {
    this.#kv.delete(KEY);
  }
}
