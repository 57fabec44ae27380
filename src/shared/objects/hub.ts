import type { Scope } from "#auth/scope.ts";
import type { Watched } from "#repositories/watch.ts";
import type { Pull } from "./item.ts";

/*
 * The RPC interfaces between hubs, the objects that they follow, and the consumer. A hub holds the sockets of many
 * clients, and follows devices and dealers for all of them. Whoever calls casts a stub to the interface: Cloudflare's
 * types of RPC turn what holds `unknown` into `never`.
 */

/** What a hub follows: one object. */
export type Followed = Watched;

/**
 * A scope with which an object is followed, as canonical text: `all`, or a sorted JSON list of dealer ids. Subscribers with
 * the same text see the same items.
 */
export type ScopeKey = string;

const ALL: ScopeKey = "all";

export const scopeKeyOf = (scope: Scope): ScopeKey =>
  scope.role === "dealer" ? JSON.stringify([...new Set(scope.dealerIds)].sort()) : ALL;

export const scopeOf = (scopeKey: ScopeKey): Scope =>
  scopeKey === ALL ? { role: "service" } : { role: "dealer", dealerIds: JSON.parse(scopeKey) as string[] };

/** A hub begins to follow an object with a scope, for a subscription that starts after `cursor`. */
export type FollowRequest = {
  /** The name of the hub. */
  readonly hub: string;
  readonly followed: Followed;
  readonly scopeKey: ScopeKey;
  readonly cursor: string | null;
};

/** A position of a subscription that is under way. */
export type FollowedPosition = { readonly scopeKey: ScopeKey; readonly cursor: string };

/** An object that hubs follow. */
export interface Followable {
  /**
   * From now on, each write of the object offers the hub what that scope sees of it. A dealer's feed offers everything,
   * and the hub filters. Following again changes nothing.
   * @returns the items after the cursor; `notFound`, and then the hub does not follow
   * @throws an outage of D1
   */
  follow(request: FollowRequest): Promise<Pull>;
  /** The items after each position, for subscriptions that may have missed an offer. */
  pullSince(followed: Followed, positions: readonly FollowedPosition[]): Promise<Pull[]>;
  /** The hub has no subscription of these scopes left. */
  unfollow(hub: string, scopeKeys: readonly ScopeKey[]): Promise<void>;
}

/** What one write of an object means to a hub that follows it. */
export type Offer = {
  readonly hub: string;
  readonly followed: Followed;
  /** The object's positions before and after the write. They are the same if it added nothing for subscribers. */
  readonly from: string;
  readonly to: string;
  /** The items in between, as each scope sees them. */
  readonly pulls: readonly { readonly scopeKey: ScopeKey; readonly pull: Pull }[];
};

/** Where offers go: a hub. */
export interface HubSink {
  /**
   * Takes offers, in any order and also again: it delivers to each subscription what comes after its cursor, and asks the
   * object for what an earlier offer should have brought.
   */
  deliver(offers: readonly Offer[]): Promise<void>;
  /** @returns the scopes among these with which the hub still follows the object */
  stillFollows(followed: Followed, scopeKeys: readonly ScopeKey[]): Promise<ScopeKey[]>;
}
