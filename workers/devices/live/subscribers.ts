import { readSettings } from "#auth/reader-settings.ts";
import type { Scope } from "#auth/scope.ts";
import {
  type Followable,
  type Followed,
  type FollowedPosition,
  type FollowRequest,
  type HubSink,
  type Offer,
  type ScopeKey,
  scopeOf,
} from "#objects/hub.ts";
import type { ObjectTarget, Pull } from "#objects/item.ts";
import type { Watched } from "#repositories/watch.ts";
import { describeFault, log } from "#telemetry/log.ts";
import { reportMetrics } from "#telemetry/report.ts";
import { revokedIn } from "#telemetry/revocations.ts";
import { type Env, storesFrom } from "../env.ts";
import { hasClients, subscribedSockets } from "./attachment.ts";
import { Documents } from "./documents.ts";
import { Followers } from "./followers.ts";
import { LEASE_MS } from "./lease.ts";
import { Queries } from "./queries.ts";
import { SOCKET_REPORTS } from "./socket-reports.ts";
import { LiveSockets } from "./sockets.ts";
import type { LiveSource } from "./source.ts";
import { RETRY_MS, type Watch } from "./watch.ts";

export type SubscribersDeps = {
  readonly ctx: DurableObjectState;
  /** The object's current bindings. */
  readonly env: () => Env;
  /** The label of its sockets in metrics. */
  readonly kind: "device" | "dealer";
  readonly watch: Watch;
  readonly source: Pick<LiveSource, "mayWatch" | "watchTarget" | "pull" | "position"> & {
    /**
     * Registers or renews the watch in D1, and merges what was missed without it. @throws an outage
     * @returns `false` if D1 says that the scope may not see it
     */
    readonly register: (watched: Watched, scope: Scope) => Promise<boolean>;
  };
  /** Another task for the object's one alarm. */
  readonly chore?: { readonly dueMs: () => number | null; readonly run: (nowMs: number) => Promise<void> };
};

/**
 * The subscribers of an object: their sockets, the hubs that follow it for theirs, the watch in D1, and the one alarm for
 * all. `LiveObject` forwards the runtime's calls, and those of hubs, to the methods of the same name.
 */
export class Subscribers implements Followable {
  readonly #deps: SubscribersDeps;
  readonly #documents: Documents;
  readonly #followers: Followers;
  #sockets: LiveSockets | undefined;

  constructor(deps: SubscribersDeps) {
    this.#deps = deps;
    this.#documents = new Documents(deps.ctx.storage.kv);
    this.#followers = new Followers({
      kv: deps.ctx.storage.kv,
      hub: (name) => deps.env().HUBS.getByName(name) as unknown as HubSink,
      pullSince: (followed, cursor, scope) => deps.source.pull(targetOf(followed), { cursor, isOngoing: true }, scope),
    });
    // After hibernation the automatic answer to pings has to be set up again.
    if (deps.ctx.getWebSockets().length > 0) this.#live();
  }

  async fetch(request: Request): Promise<Response> {
    return this.#live().accept(request);
  }

  webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    return this.#live().receive(socket, message);
  }

  async webSocketClose(socket: WebSocket): Promise<void> {
    this.#live().forget(socket);
    socket.close();
    await this.schedule();
  }

  async webSocketError(socket: WebSocket): Promise<void> {
    this.#live().forget(socket);
    await this.schedule();
  }

  async alarm(): Promise<void> {
    const { chore, watch, source } = this.#deps;
    const nowMs = Date.now();
    await chore?.run(nowMs);
    if (this.#followers.isOwed) await this.#followers.payDebts(source.position());
    await this.#followers.confirm(nowMs);
    await watch.renewOrRelease(nowMs, {
      hasSubscribers: this.#hasSubscribers,
      renew: async (watched) => {
        await source.register(watched, { role: "service" });
        this.#pump();
      },
      release: () => this.#documents.clear(),
    });
    if (this.#hasSockets) await this.#live().closeRevoked();
    await this.schedule();
  }

  /**
   * Delivers new items to all sockets, and offers them to the hubs. Never throws: the write that caused it has succeeded
   * already.
   * @param from the object's position before the write
   * @param isCarried whether the caller carries offers to the hubs. Otherwise this object calls them: what it noticed
   * itself, and what a consumer of an older deployment wrote
   * @returns the offers that the caller carries
   */
  notifyFrom(from: string, isCarried = false): Offer[] {
    try {
      const to = this.#deps.source.position();
      if (from !== to) this.#pump();
      const offers = this.#followers.offers(from, to);
      if (isCarried) return offers;
      if (from !== to && offers.length > 0) this.#deliver(offers);
    } catch (thrown) {
      log("error", "live.not_told", describeFault(thrown));
    }
    return [];
  }

  /** Not awaited: a hub that takes an offer waits for the calls that it has made to this object. */
  #deliver(offers: readonly Offer[]): void {
    this.#deps.ctx.waitUntil(this.#followers.deliver(offers).then(() => this.schedule()));
  }

  async follow({ hub, followed, scopeKey, cursor }: FollowRequest): Promise<Pull> {
    const { source, watch } = this.#deps;
    const scope = scopeOf(scopeKey);
    const target = targetOf(followed);
    const watched = source.watchTarget(target);
    if (!watched || !source.mayWatch(scope)) return NOT_FOUND;
    if (!watch.isHeld(LEASE_MS / 2) && !(await source.register(watched, scope))) return NOT_FOUND;
    const pull = source.pull(target, { cursor, isOngoing: false }, scope);
    if (pull.kind === "notFound" || (pull.isOver && pull.items.length === 0)) return NOT_FOUND;
    if (!pull.isOver) this.#followers.add(followed, { hub, scopeKey });
    await this.schedule();
    return pull;
  }

  async pullSince(followed: Followed, positions: readonly FollowedPosition[]): Promise<Pull[]> {
    return positions.map(({ cursor, scopeKey }) =>
      this.#deps.source.pull(targetOf(followed), { cursor, isOngoing: true }, scopeOf(scopeKey)),
    );
  }

  async unfollow(hub: string, scopeKeys: readonly ScopeKey[]): Promise<void> {
    this.#followers.remove(hub, scopeKeys);
    await this.schedule();
  }

  #pump(): void {
    if (this.#hasSockets) this.#live().pump();
  }

  /** Sets the alarm for what is due next. An earlier alarm stays: waking up once too often costs less than moving it. */
  async schedule(): Promise<void> {
    const { ctx, watch, chore } = this.#deps;
    const nowMs = Date.now();
    const hasSubscribers = this.#hasSubscribers;
    if (!hasClients(ctx) && !watch.watched) this.#documents.clear();
    const dues = [
      chore?.dueMs() ?? null,
      this.#hasSockets ? this.#live().closeExpired(nowMs) : null,
      this.#followers.isOwed ? nowMs + RETRY_MS : null,
      watch.dueMs(hasSubscribers),
    ].filter((due) => due !== null);
    const alarm = await ctx.storage.getAlarm();
    if (dues.length === 0) {
      if (alarm !== null) await ctx.storage.deleteAlarm();
      return;
    }
    const due = Math.max(Math.min(...dues), nowMs);
    if (alarm === null || due < alarm) await ctx.storage.setAlarm(due);
  }

  get #hasSockets(): boolean {
    return subscribedSockets(this.#deps.ctx).length > 0;
  }

  get #hasSubscribers(): boolean {
    return this.#hasSockets || !this.#followers.isEmpty;
  }

  #live(): LiveSockets {
    if (this.#sockets) return this.#sockets;
    const { ctx, kind, source, watch } = this.#deps;
    const env = this.#deps.env();
    const read = readSettings(env);
    if (!read.ok) throw new Error(`the Worker is misconfigured: ${read.problems.join("; ")}`);
    const { config: settings } = read;
    this.#sockets = new LiveSockets({
      ctx,
      settings,
      revoked: () => revokedIn(this.#deps.env().DB),
      queries: new Queries({ documents: this.#documents, settings, stores: storesFrom(env, settings) }),
      source: {
        ...source,
        // A watch with half of its lease left is not registered again for each new subscriber.
        watch: async (watched, scope) => watch.isHeld(LEASE_MS / 2) || source.register(watched, scope),
        schedule: () => this.schedule(),
      },
      note: (what) => ctx.waitUntil(reportMetrics(this.#deps.env(), SOCKET_REPORTS[what](kind))),
    });
    return this.#sockets;
  }
}

/** A hub gets what is in a feed unfiltered, and filters for its subscriptions. */
const targetOf = (followed: Followed): ObjectTarget =>
  followed.kind === "device"
    ? { ...followed, after: null }
    : { ...followed, after: null, kinds: null, minSeverity: null };

const NOT_FOUND: Pull = { kind: "notFound" };
