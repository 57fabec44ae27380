import { readSettings } from "#auth/reader-settings.ts";
import type { Scope } from "#auth/scope.ts";
import type { Watched } from "#repositories/watch.ts";
import { describeFault, log } from "#telemetry/log.ts";
import type { MetricsReport } from "#telemetry/metrics.ts";
import { reportMetrics } from "#telemetry/report.ts";
import { revokedIn } from "#telemetry/revocations.ts";
import { type Env, storesFrom } from "../env.ts";
import { hasClients, subscribedSockets } from "./attachment.ts";
import { Documents } from "./documents.ts";
import { LEASE_MS } from "./lease.ts";
import { Queries } from "./queries.ts";
import { LiveSockets } from "./sockets.ts";
import type { LiveSource } from "./source.ts";
import type { Watch } from "./watch.ts";

const SOCKET_REPORTS: Readonly<Record<"opened" | "closed", (kind: string) => MetricsReport>> = {
  opened: (kind) => ({ socketsOpened: { [kind]: 1 } }),
  closed: (kind) => ({ socketsClosed: { [kind]: 1 } }),
};

export type SubscribersDeps = {
  readonly ctx: DurableObjectState;
  /** The object's current bindings. */
  readonly env: () => Env;
  /** The label of its sockets in metrics. */
  readonly kind: "device" | "dealer";
  readonly watch: Watch;
  readonly source: Pick<LiveSource, "mayWatch" | "watchTarget" | "pull"> & {
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
 * The subscribers of an object: their sockets, the watch in D1, and the one alarm for both. The object forwards the
 * runtime's calls to the methods of the same name.
 */
export class Subscribers {
  readonly #deps: SubscribersDeps;
  readonly #documents: Documents;
  #sockets: LiveSockets | undefined;

  constructor(deps: SubscribersDeps) {
    this.#deps = deps;
    this.#documents = new Documents(deps.ctx.storage.kv);
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
    await watch.renewOrRelease(nowMs, {
      hasSubscribers: this.#hasSubscribers,
      renew: async (watched) => {
        await source.register(watched, { role: "service" });
        this.notify();
      },
      release: () => this.#documents.clear(),
    });
    if (this.#hasSubscribers) await this.#live().closeRevoked();
    await this.schedule();
  }

  /** Delivers new items to all subscriptions. Never throws: the write that caused it has succeeded already. */
  notify(): void {
    if (!this.#hasSubscribers) return;
    try {
      this.#live().pump();
    } catch (thrown) {
      log("error", "live.not_told", describeFault(thrown));
    }
  }

  /** Sets the alarm for what is due next. An earlier alarm stays: waking up once too often costs less than moving it. */
  async schedule(): Promise<void> {
    const { ctx, watch, chore } = this.#deps;
    const nowMs = Date.now();
    const hasSubscribers = this.#hasSubscribers;
    if (!hasClients(ctx) && !watch.watched) this.#documents.clear();
    const dues = [
      chore?.dueMs() ?? null,
      hasSubscribers ? this.#live().closeExpired(nowMs) : null,
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

  get #hasSubscribers(): boolean {
    return subscribedSockets(this.#deps.ctx).length > 0;
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
