import { type Registered, type Watched, WatchRepository } from "#repositories/watch.ts";
import { describeFault, log } from "#telemetry/log.ts";
import { LEASE_MS, Lease } from "./lease.ts";

/** When to retry after D1 failed. Our choice: well within the rest of the lease. */
export const RETRY_MS = 30_000;

/** The result of registering a watch. */
export type Registration<Found> = {
  readonly found: Found;
  /**
   * Whether the previous watch was still valid, so that no event was missed: as far as this object knows, and in D1 too,
   * which may have been restored to a time before it.
   */
  readonly isContinuous: boolean;
  readonly consistencyToken: string | null;
};

/** The watch of an object in D1: renewed while the object has subscribers, and released after that. */
export class Watch {
  readonly #db: () => D1Database;
  readonly #lease: Lease;

  constructor(kv: SyncKvStorage, db: () => D1Database) {
    this.#db = db;
    this.#lease = new Lease(kv);
  }

  /** What is registered in D1, as far as this object knows. */
  get watched(): Watched | undefined {
    return this.#lease.watched;
  }

  /** Whether every event has reached this object since the watch began. @param forMs and will for so many milliseconds more */
  isHeld(forMs = 0): boolean {
    return this.#lease.isHeld(Date.now() + forMs);
  }

  /** When to renew it, or without subscribers to release it; `null` if there is none. */
  dueMs(hasSubscribers: boolean): number | null {
    return this.#lease.dueMs(hasSubscribers);
  }

  /** @param ask registers in D1, and returns `null` if there is nothing to watch. @throws an outage */
  async register<Found>(
    watched: Watched,
    ask: (watches: WatchRepository) => Promise<Registered<Found> | null>,
  ): Promise<Registration<Found> | null> {
    const session = this.#db().withSession("first-primary");
    const askedAtMs = Date.now();
    const registered = await ask(new WatchRepository(session));
    if (registered === null) return null;
    const isContinuous = registered.wasThere && this.#lease.isHeld(Date.now());
    this.#lease.hold(watched, askedAtMs);
    return { found: registered.found, isContinuous, consistencyToken: session.getBookmark() };
  }

  /** Renews or releases the watch if that is due. After a failure of D1 it is due again in `RETRY_MS`. */
  async renewOrRelease(
    nowMs: number,
    {
      hasSubscribers,
      renew,
      release,
    }: { hasSubscribers: boolean; renew: (watched: Watched) => Promise<void>; release: () => void },
  ): Promise<void> {
    const watched = this.#lease.watched;
    const due = this.#lease.dueMs(hasSubscribers);
    if (!watched || due === null || due > nowMs) return;
    try {
      if (hasSubscribers) return await renew(watched);
      this.#lease.release();
      release();
      await new WatchRepository(this.#db()).forget(watched, LEASE_MS);
    } catch (thrown) {
      log("warn", "live.lease", describeFault(thrown));
      this.#lease.postpone(nowMs + RETRY_MS);
    }
  }
}
