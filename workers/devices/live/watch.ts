import { type Watched, WatchRepository } from "../../../src/shared/repositories/watch.ts";
import { faultOf, log } from "../../../src/shared/telemetry/log.ts";
import { LEASE_MS, Lease } from "./lease.ts";

/** When to try again what D1 refused. Ours: well within what is left of a lease then. */
const RETRY_MS = 30_000;

/** What D1 answered when it was told of a watch. */
export type Registration<Found> = {
  readonly found: Found;
  /** Whether the watch before this one had not ended: then nothing was missed. */
  readonly isUnbroken: boolean;
  readonly consistencyToken: string | null;
};

/** That an object is watched, as D1 knows it: told anew for as long as somebody listens, and then let go. */
export class Watch {
  readonly #db: () => D1Database;
  readonly #lease: Lease;

  constructor(kv: SyncKvStorage, db: () => D1Database) {
    this.#db = db;
    this.#lease = new Lease(kv);
  }

  /** What D1 has been told of, and not that it is over. */
  get watched(): Watched | undefined {
    return this.#lease.watched;
  }

  /** Whether everything that happens comes here, and has since it began. @param forMs from now on, for so long */
  isHeld(forMs = 0): boolean {
    return this.#lease.isHeld(Date.now() + forMs);
  }

  /** When something is to be done about it: renewed, or let go. */
  dueMs(isListenedTo: boolean): number | null {
    return this.#lease.dueMs(isListenedTo);
  }

  /** @param ask answers `null` where there is nothing to watch. @throws an outage */
  async register<Found>(
    watched: Watched,
    ask: (watches: WatchRepository) => Promise<Found | null>,
  ): Promise<Registration<Found> | null> {
    const session = this.#db().withSession("first-primary");
    const askedAtMs = Date.now();
    const found = await ask(new WatchRepository(session));
    if (found === null) return null;
    const isUnbroken = this.#lease.isHeld(Date.now());
    this.#lease.hold(watched, askedAtMs);
    return { found, isUnbroken, consistencyToken: session.getBookmark() };
  }

  /** Does what is due about it; what D1 refuses is tried again. */
  async tend(
    nowMs: number,
    {
      isListenedTo,
      renew,
      letGo,
    }: { isListenedTo: boolean; renew: (watched: Watched) => Promise<void>; letGo: () => void },
  ): Promise<void> {
    const watched = this.#lease.watched;
    const due = this.#lease.dueMs(isListenedTo);
    if (!watched || due === null || due > nowMs) return;
    try {
      if (isListenedTo) return await renew(watched);
      this.#lease.letGo();
      letGo();
      await new WatchRepository(this.#db()).forget(watched, LEASE_MS);
    } catch (thrown) {
      log("warn", "live.lease", faultOf(thrown));
      this.#lease.putOff(nowMs + RETRY_MS);
    }
  }
}
