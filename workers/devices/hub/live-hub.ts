import { DurableObject } from "cloudflare:workers";
import { readSettings } from "#auth/reader-settings.ts";
import { MINUTE_MS } from "#domain/time.ts";
import type { Followable, Followed, HubSink, Offer, ScopeKey } from "#objects/hub.ts";
import { reportMetrics } from "#telemetry/report.ts";
import { revokedIn } from "#telemetry/revocations.ts";
import { type Env, storesFrom } from "../env.ts";
import { Documents } from "../live/documents.ts";
import { Queries } from "../live/queries.ts";
import { SOCKET_REPORTS } from "../live/socket-reports.ts";
import { Hub } from "./hub.ts";
import { HubStore } from "./repositories/hub-store.ts";

/** How often a hub with sockets looks for tokens that were revoked, and for sockets that are gone. Our choice. */
const CHECK_MS = 10 * MINUTE_MS;

/** Different documents among the subscriptions of a hub. Our limit: a hub has many clients, and each a handful. */
const MAX_DOCUMENTS = 1_000;

const NAME = "name";

/**
 * The sockets of many clients, and what they subscribe to in any devices and dealers' feeds. It follows these objects, and
 * the consumer carries to it what they offer. It hibernates while nothing happens.
 */
export class LiveHub extends DurableObject<Env> implements HubSink {
  readonly #store = new HubStore(this.ctx.storage.sql);
  #hub: Hub | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    // After hibernation the automatic answer to pings has to be set up again. After a reset the sockets are gone, and what
    // they followed is no longer needed.
    if (ctx.getWebSockets().length > 0) this.#live();
    else if (this.#store.socketNames().length > 0) ctx.waitUntil(this.#live().check(Date.now()));
  }

  override async fetch(request: Request): Promise<Response> {
    const { kv } = this.ctx.storage;
    if (kv.get(NAME) === undefined) kv.put(NAME, this.ctx.id.name ?? "");
    return this.#live().accept(request);
  }

  async deliver(offers: readonly Offer[]): Promise<void> {
    this.#live().take(offers);
  }

  async stillFollows(followed: Followed, scopeKeys: readonly ScopeKey[]): Promise<ScopeKey[]> {
    return this.#live().stillFollows(followed, scopeKeys);
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    return this.#live().receive(socket, message);
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    this.#live().forget(socket);
    socket.close();
    await this.#schedule();
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    this.#live().forget(socket);
    await this.#schedule();
  }

  override async alarm(): Promise<void> {
    await this.#live().check(Date.now());
    await this.#schedule();
  }

  /** An earlier alarm stays: waking up once too often costs less than moving it. */
  async #schedule(): Promise<void> {
    const { storage } = this.ctx;
    const nowMs = Date.now();
    const expiryMs = this.#store.nextExpiryMs();
    const alarm = await storage.getAlarm();
    if (expiryMs === null) {
      if (alarm !== null) await storage.deleteAlarm();
      return;
    }
    const dueMs = Math.max(Math.min(expiryMs, nowMs + CHECK_MS), nowMs);
    if (alarm === null || dueMs < alarm) await storage.setAlarm(dueMs);
  }

  #live(): Hub {
    if (this.#hub) return this.#hub;
    const read = readSettings(this.env);
    if (!read.ok) throw new Error(`the Worker is misconfigured: ${read.problems.join("; ")}`);
    const { config: settings } = read;
    const { ctx } = this;
    const documents = new Documents(ctx.storage.kv, { most: MAX_DOCUMENTS, inUse: () => this.#store.documents() });
    this.#hub = new Hub({
      ctx,
      name: () => ctx.storage.kv.get<string>(NAME) ?? "",
      settings,
      store: this.#store,
      queries: new Queries({ documents, settings, stores: storesFrom(this.env, settings) }),
      objectOf: (followed) => this.#objectOf(followed),
      operations: () => this.env.OPERATIONS,
      revoked: () => revokedIn(this.env.DB),
      note: (what) => ctx.waitUntil(reportMetrics(this.env, SOCKET_REPORTS[what]("hub"))),
      noteCalls: (hubCalls) => ctx.waitUntil(reportMetrics(this.env, { hubCalls })),
      schedule: () => this.#schedule(),
    });
    return this.#hub;
  }

  #objectOf(followed: Followed): Followable {
    const { DEVICES, DEALER_FEEDS } = this.env;
    const stub =
      followed.kind === "device" ? DEVICES.getByName(followed.deviceKey) : DEALER_FEEDS.getByName(followed.dealerId);
    return stub as unknown as Followable;
  }
}
