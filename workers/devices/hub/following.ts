import type { Followable, Followed, FollowedPosition, FollowRequest, ScopeKey } from "#objects/hub.ts";
import type { Pull } from "#objects/item.ts";
import { watchId } from "#repositories/watch.ts";
import { describeFault, log } from "#telemetry/log.ts";
import type { HubStore, Scopes } from "./repositories/hub-store.ts";

/** How often objects were called, by what for. */
export type Calls = Readonly<Partial<Record<"follow" | "pull" | "unfollow", number>>>;

type FollowingDeps = {
  /** The hub's own name. */
  readonly hub: () => string;
  readonly objectOf: (followed: Followed) => Followable;
  readonly store: Pick<HubStore, "scopeKeysOf">;
  readonly waitUntil: (work: Promise<unknown>) => void;
  /** Counts calls of objects, once those that were made together are done. */
  readonly note: (calls: Calls) => void;
};

/**
 * A hub's calls of the objects that it follows. What concerns one object happens one after another: an offer that arrives
 * before the answer of `follow` waits for it, and a subscription that begins while the last other one ends is not undone.
 */
export class Following {
  readonly #deps: FollowingDeps;
  readonly #tails = new Map<string, Promise<void>>();
  #calls: Calls = {};

  constructor(deps: FollowingDeps) {
    this.#deps = deps;
  }

  /** Runs after all that was given before for the same object. Faults are the work's own to handle. */
  inTurn(followed: Followed, work: () => Promise<void>): void {
    const name = watchId(followed);
    const tail = (this.#tails.get(name) ?? Promise.resolve())
      .then(work)
      .catch((thrown: unknown) => log("error", "live.hub_fault", describeFault(thrown)))
      .then(() => {
        if (this.#tails.get(name) === tail) this.#tails.delete(name);
        if (this.#tails.size === 0) this.#report();
      });
    this.#tails.set(name, tail);
    this.#deps.waitUntil(tail);
  }

  /** @throws an outage */
  follow(request: Omit<FollowRequest, "hub">): Promise<Pull> {
    const { hub, objectOf } = this.#deps;
    return twice(() => {
      this.#count("follow");
      return objectOf(request.followed).follow({ ...request, hub: hub() });
    });
  }

  /** @throws an outage */
  pullSince(followed: Followed, positions: readonly FollowedPosition[]): Promise<Pull[]> {
    return twice(() => {
      this.#count("pull");
      return this.#deps.objectOf(followed).pullSince(followed, positions);
    });
  }

  /** Stops following what no subscription needs any more. Nobody waits for it. */
  release(scopes: readonly Scopes[]): void {
    for (const [, group] of Map.groupBy(scopes, ({ followed }) => watchId(followed))) {
      const [{ followed } = {}] = group;
      const scopeKeys = group.map(({ scopeKey }) => scopeKey);
      if (followed) this.inTurn(followed, () => this.releaseNow(followed, scopeKeys));
    }
  }

  #count(call: keyof Calls): void {
    this.#calls = { ...this.#calls, [call]: (this.#calls[call] ?? 0) + 1 };
  }

  #report(): void {
    if (Object.keys(this.#calls).length > 0) this.#deps.note(this.#calls);
    this.#calls = {};
  }

  /** As `release`, for one object whose turn it is. An object that cannot be called drops the hub an hour later. */
  async releaseNow(followed: Followed, scopeKeys: readonly ScopeKey[]): Promise<void> {
    const needed = this.#deps.store.scopeKeysOf(followed);
    const unneeded = scopeKeys.filter((scopeKey) => !needed.has(scopeKey));
    if (unneeded.length === 0) return;
    try {
      this.#count("unfollow");
      await this.#deps.objectOf(followed).unfollow(this.#deps.hub(), unneeded);
    } catch (thrown) {
      log("warn", "live.not_unfollowed", { object: watchId(followed), ...describeFault(thrown) });
    }
  }
}

/** An object that was just deployed or moved answers the second call. */
async function twice<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch {
    return call();
  }
}
