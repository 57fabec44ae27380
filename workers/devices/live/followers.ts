import type { Scope } from "#auth/scope.ts";
import { HOUR_MS } from "#domain/time.ts";
import { type Followed, type HubSink, type Offer, type ScopeKey, scopeOf } from "#objects/hub.ts";
import type { Pull } from "#objects/item.ts";
import { describeFault, log } from "#telemetry/log.ts";

/** How long an object believes that a hub still follows it. Our choice: what a hub loses in a crash costs little. */
const BELIEVED_MS = HOUR_MS;

const KEY = "followers";

type Follower = {
  readonly hub: string;
  readonly scopeKeys: readonly ScopeKey[];
  /** When the hub last said that it follows. */
  readonly confirmedAtMs: number;
  /** It has not got the offer of a change that this object noticed itself. */
  readonly isOwed?: boolean;
};

type Stored = { readonly followed: Followed; readonly hubs: readonly Follower[] };

type FollowersDeps = {
  readonly kv: SyncKvStorage;
  readonly hub: (name: string) => HubSink;
  /** The items after a position, for a subscription that is under way. */
  readonly pullSince: (followed: Followed, cursor: string, scope: Scope) => Pull;
};

/** The hubs that follow an object, in one stored value. It is written when one begins or ends, and once an hour. */
export class Followers {
  readonly #deps: FollowersDeps;
  #stored: Stored | null | undefined;
  /** Hubs that have begun to follow since they were asked whether they still do. */
  readonly #heardOf = new Set<string>();

  constructor(deps: FollowersDeps) {
    this.#deps = deps;
  }

  get isEmpty(): boolean {
    return this.#load() === null;
  }

  add(followed: Followed, { hub, scopeKey }: { readonly hub: string; readonly scopeKey: ScopeKey }): void {
    this.#heardOf.add(hub);
    const hubs = this.#load()?.hubs ?? [];
    const known = hubs.find((one) => one.hub === hub);
    if (known?.scopeKeys.includes(scopeKey)) return;
    const follower = { hub, scopeKeys: [...(known?.scopeKeys ?? []), scopeKey], confirmedAtMs: Date.now() };
    this.#keep(followed, [...hubs.filter((one) => one.hub !== hub), follower]);
  }

  remove(hub: string, scopeKeys: readonly ScopeKey[]): void {
    const stored = this.#load();
    if (!stored) return;
    const hubs = stored.hubs.flatMap((one) => {
      const left = one.hub === hub ? one.scopeKeys.filter((key) => !scopeKeys.includes(key)) : one.scopeKeys;
      return left.length === 0 ? [] : [left.length === one.scopeKeys.length ? one : { ...one, scopeKeys: left }];
    });
    if (hubs.length < stored.hubs.length || hubs.some((one, i) => one !== stored.hubs[i])) {
      this.#keep(stored.followed, hubs);
    }
  }

  /** What a write from one position to another means to each hub. */
  offers(from: string, to: string): Offer[] {
    const stored = this.#load();
    if (!stored) return [];
    const { followed, hubs } = stored;
    const pulls = new Map<ScopeKey, Pull>();
    const pullFor = (scopeKey: ScopeKey): Pull => {
      const pull = pulls.get(scopeKey) ?? this.#deps.pullSince(followed, from, scopeOf(scopeKey));
      pulls.set(scopeKey, pull);
      return pull;
    };
    return hubs.map(({ hub, scopeKeys }) => ({
      hub,
      followed,
      from,
      to,
      pulls: from === to ? [] : scopeKeys.map((scopeKey) => ({ scopeKey, pull: pullFor(scopeKey) })),
    }));
  }

  /** Calls the hubs with offers that no consumer carries. A hub that does not answer is owed one until `payDebts`. */
  async deliver(offers: readonly Offer[]): Promise<void> {
    await Promise.all(
      offers.map(async (offer) => {
        try {
          await this.#deps.hub(offer.hub).deliver([offer]);
        } catch (thrown) {
          log("warn", "live.hub_unreachable", { hub: offer.hub, ...describeFault(thrown) });
          this.#change(offer.hub, (one) => ({ ...one, isOwed: true }));
        }
      }),
    );
  }

  get isOwed(): boolean {
    return this.#load()?.hubs.some(({ isOwed }) => isOwed) ?? false;
  }

  /** Offers the hubs that are owed one the position itself: they ask for what they lack. */
  async payDebts(position: string): Promise<void> {
    const owed = new Set(this.#load()?.hubs.flatMap(({ hub, isOwed }) => (isOwed ? [hub] : [])));
    for (const hub of owed) this.#change(hub, ({ isOwed: _, ...one }) => one);
    await this.deliver(this.offers(position, position).filter(({ hub }) => owed.has(hub)));
  }

  /** Asks the hubs that have not been heard of for long whether they still follow, and drops those that do not. */
  async confirm(nowMs: number): Promise<void> {
    const stored = this.#load();
    for (const { hub, scopeKeys, confirmedAtMs } of stored?.hubs ?? []) {
      if (!stored || confirmedAtMs + BELIEVED_MS > nowMs) continue;
      try {
        this.#heardOf.delete(hub);
        const kept = await this.#deps.hub(hub).stillFollows(stored.followed, scopeKeys);
        // The answer may be older than what the hub has begun since.
        if (this.#heardOf.has(hub)) continue;
        this.remove(
          hub,
          scopeKeys.filter((key) => !kept.includes(key)),
        );
        this.#change(hub, (one) => ({ ...one, confirmedAtMs: nowMs }));
      } catch (thrown) {
        log("warn", "live.hub_unreachable", { hub, ...describeFault(thrown) });
      }
    }
  }

  #change(hub: string, change: (one: Follower) => Follower): void {
    const stored = this.#load();
    if (stored?.hubs.some((one) => one.hub === hub))
      this.#keep(
        stored.followed,
        stored.hubs.map((one) => (one.hub === hub ? change(one) : one)),
      );
  }

  #load(): Stored | null {
    if (this.#stored === undefined) this.#stored = this.#deps.kv.get<Stored>(KEY) ?? null;
    return this.#stored;
  }

  #keep(followed: Followed, hubs: readonly Follower[]): void {
    const stored = hubs.length > 0 ? { followed, hubs } : null;
    if (stored) this.#deps.kv.put(KEY, stored);
    else this.#deps.kv.delete(KEY);
    this.#stored = stored;
  }
}
