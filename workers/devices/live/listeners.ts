import { readSettings } from "../../../src/shared/auth/reader-settings.ts";
import type { Scope } from "../../../src/shared/auth/scope.ts";
import type { Watched } from "../../../src/shared/repositories/watch.ts";
import { faultOf, log } from "../../../src/shared/telemetry/log.ts";
import type { MetricsReport } from "../../../src/shared/telemetry/metrics.ts";
import { reportMetrics } from "../../../src/shared/telemetry/report.ts";
import { type Env, storesOf } from "../env.ts";
import { isOccupied, listening } from "./attachment.ts";
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

export type ListenersDeps = {
  readonly ctx: DurableObjectState;
  /** As the object has it just now. */
  readonly env: () => Env;
  /** What its sockets are counted as. */
  readonly kind: "device" | "dealer";
  readonly watch: Watch;
  readonly source: Pick<LiveSource, "mayWatch" | "watchedOf" | "pull"> & {
    /**
     * Tells D1 that this is watched, and takes in what was missed while it was not. @throws an outage
     * @returns whether the scope may watch it, as far as that can be told without asking what the object remembers
     */
    readonly register: (watched: Watched, scope: Scope) => Promise<boolean>;
  };
  /** What else the object's one alarm is for, and what is done then. */
  readonly chore?: { readonly dueMs: () => number | null; readonly run: (nowMs: number) => Promise<void> };
};

/**
 * Those who listen to an object: its sockets, its watch in D1, and the one alarm that both need. The object hands the
 * runtime's calls on to it, each to the method of that name.
 */
export class Listeners {
  readonly #deps: ListenersDeps;
  readonly #documents: Documents;
  #sockets: LiveSockets | undefined;

  constructor(deps: ListenersDeps) {
    this.#deps = deps;
    this.#documents = new Documents(deps.ctx.storage.kv);
    // What a socket wakes up has to answer pings again.
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
    await watch.tend(nowMs, {
      isListenedTo: this.#isListenedTo,
      renew: async (watched) => {
        await source.register(watched, { role: "service" });
        this.tell();
      },
      letGo: () => this.#documents.clear(),
    });
    await this.schedule();
  }

  /** Tells whoever listens what is new. What has been written stays so, whatever becomes of the telling. */
  tell(): void {
    if (!this.#isListenedTo) return;
    try {
      this.#live().pump();
    } catch (thrown) {
      log("error", "live.not_told", faultOf(thrown));
    }
  }

  /** Sets the alarm for what is due next. An earlier one stays: to wake up once too often costs less than to move it. */
  async schedule(): Promise<void> {
    const { ctx, watch, chore } = this.#deps;
    const nowMs = Date.now();
    const isListenedTo = this.#isListenedTo;
    if (!isOccupied(ctx) && !watch.watched) this.#documents.clear();
    const dues = [
      chore?.dueMs() ?? null,
      isListenedTo ? this.#live().expire(nowMs) : null,
      watch.dueMs(isListenedTo),
    ].filter((due) => due !== null);
    const alarm = await ctx.storage.getAlarm();
    if (dues.length === 0) {
      if (alarm !== null) await ctx.storage.deleteAlarm();
      return;
    }
    const due = Math.max(Math.min(...dues), nowMs);
    if (alarm === null || due < alarm) await ctx.storage.setAlarm(due);
  }

  get #isListenedTo(): boolean {
    return listening(this.#deps.ctx).length > 0;
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
      queries: new Queries({ documents: this.#documents, settings, stores: storesOf(env) }),
      source: {
        ...source,
        // D1 need not be asked for each who comes.
        watch: async (watched, scope) => watch.isHeld(LEASE_MS / 2) || source.register(watched, scope),
        schedule: () => this.schedule(),
      },
      note: (what) => ctx.waitUntil(reportMetrics(this.#deps.env(), SOCKET_REPORTS[what](kind))),
    });
    return this.#sockets;
  }
}
