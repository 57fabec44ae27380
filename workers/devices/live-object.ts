import { DurableObject } from "cloudflare:workers";
import { readSettings } from "../../src/shared/auth/reader-settings.ts";
import type { Scope } from "../../src/shared/auth/scope.ts";
import type { LiveTarget, Pull } from "../../src/shared/live/item.ts";
import { type Watched, WatchRepository } from "../../src/shared/repositories/watch.ts";
import { faultOf, log } from "../../src/shared/telemetry/log.ts";
import type { MetricsReport } from "../../src/shared/telemetry/metrics.ts";
import { reportMetrics } from "../../src/shared/telemetry/report.ts";
import { type Env, storesOf } from "./env.ts";
import { Documents } from "./live/documents.ts";
import { LEASE_MS, Lease } from "./live/lease.ts";
import { Queries } from "./live/queries.ts";
import { isOccupied, listening } from "./live/attachment.ts";
import { LiveSockets } from "./live/sockets.ts";
import type { Place } from "./live/source.ts";

/** When to try again what D1 refused. Ours: well within what is left of a lease then. */
const RETRY_MS = 30_000;

const SOCKET_REPORTS: Readonly<Record<"opened" | "closed", (kind: string) => MetricsReport>> = {
  opened: (kind) => ({ socketsOpened: { [kind]: 1 } }),
  closed: (kind) => ({ socketsClosed: { [kind]: 1 } }),
};

/** What D1 answered when it was told of a watch. */
export type Registration<Found> = {
  readonly found: Found;
  /** Whether the watch before this one had not ended: then nothing was missed. */
  readonly isUnbroken: boolean;
  readonly consistencyToken: string | null;
};

/** An object to which people listen: its sockets, its watch in D1, and the one alarm that both need. */
export abstract class LiveObject extends DurableObject<Env> {
  /** What its sockets are counted as. */
  protected abstract readonly kind: "device" | "dealer";
  protected readonly lease: Lease;
  readonly #documents: Documents;
  #sockets: LiveSockets | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.lease = new Lease(ctx.storage.kv);
    this.#documents = new Documents(ctx.storage.kv);
    // What a socket wakes up has to answer pings again.
    if (ctx.getWebSockets().length > 0) this.#live();
  }

  /** @returns what this object stands for, if that is what the target names */
  protected abstract watchedOf(target: LiveTarget): Watched | undefined;
  /** Whether a scope may see anything of this object, as far as its name tells. */
  protected mayWatch(_scope: Scope): boolean {
    return true;
  }
  protected abstract pull(target: LiveTarget, from: Place, scope: Scope): Pull;
  /**
   * Tells D1 that this is watched, and takes in what was missed while it was not. @throws an outage
   * @returns whether the scope may watch it, as far as that can be told without asking what this object remembers
   */
  protected abstract register(watched: Watched, scope: Scope): Promise<boolean>;
  /** What else the alarm is for: when it is due, and what is done then. */
  protected ownDueMs(): number | null {
    return null;
  }
  protected async onDue(_nowMs: number): Promise<void> {}

  override async fetch(request: Request): Promise<Response> {
    return this.#live().accept(request);
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    return this.#live().receive(socket, message);
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    this.#live().forget(socket);
    socket.close();
    await this.schedule();
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    this.#live().forget(socket);
    await this.schedule();
  }

  override async alarm(): Promise<void> {
    const nowMs = Date.now();
    await this.onDue(nowMs);
    await this.#tendLease(nowMs);
    await this.schedule();
  }

  /** Tells whoever listens what is new. What has been written stays so, whatever becomes of the telling. */
  protected tell(): void {
    if (!this.#isListenedTo) return;
    try {
      this.#live().pump();
    } catch (thrown) {
      log("error", "live.not_told", faultOf(thrown));
    }
  }

  /** @param ask answers `null` where there is nothing to watch */
  protected async registerWith<Found>(
    ask: (watches: WatchRepository) => Promise<Found | null>,
    watched: Watched,
  ): Promise<Registration<Found> | null> {
    const session = this.env.DB.withSession("first-primary");
    const askedAtMs = Date.now();
    const found = await ask(new WatchRepository(session));
    if (found === null) return null;
    const isUnbroken = this.lease.isHeld(Date.now());
    this.lease.hold(watched, askedAtMs);
    return { found, isUnbroken, consistencyToken: session.getBookmark() };
  }

  /** Sets the alarm for what is due next. An earlier one stays: to wake up once too often costs less than to move it. */
  protected async schedule(): Promise<void> {
    const nowMs = Date.now();
    const isListenedTo = this.#isListenedTo;
    if (!isOccupied(this.ctx) && !this.lease.watched) this.#documents.clear();
    const dues = [
      this.ownDueMs(),
      isListenedTo ? this.#live().expire(nowMs) : null,
      this.lease.dueMs(isListenedTo),
    ].filter((due) => due !== null);
    const alarm = await this.ctx.storage.getAlarm();
    if (dues.length === 0) {
      if (alarm !== null) await this.ctx.storage.deleteAlarm();
      return;
    }
    const due = Math.max(Math.min(...dues), nowMs);
    if (alarm === null || due < alarm) await this.ctx.storage.setAlarm(due);
  }

  async #tendLease(nowMs: number): Promise<void> {
    const { watched } = this.lease;
    const isListenedTo = this.#isListenedTo;
    const due = this.lease.dueMs(isListenedTo);
    if (!watched || due === null || due > nowMs) return;
    try {
      if (isListenedTo) return await this.#renew(watched);
      this.lease.letGo();
      this.#documents.clear();
      await new WatchRepository(this.env.DB).forget(watched, LEASE_MS);
    } catch (thrown) {
      log("warn", "live.lease", faultOf(thrown));
      this.lease.putOff(nowMs + RETRY_MS);
    }
  }

  async #renew(watched: Watched): Promise<void> {
    await this.register(watched, { role: "service" });
    this.tell();
  }

  get #isListenedTo(): boolean {
    return listening(this.ctx).length > 0;
  }

  #live(): LiveSockets {
    if (this.#sockets) return this.#sockets;
    const read = readSettings(this.env);
    if (!read.ok) throw new Error(`the Worker is misconfigured: ${read.problems.join("; ")}`);
    const { config: settings } = read;
    this.#sockets = new LiveSockets({
      ctx: this.ctx,
      settings,
      queries: new Queries({ documents: this.#documents, settings, stores: storesOf(this.env) }),
      source: {
        mayWatch: (scope) => this.mayWatch(scope),
        watchedOf: (target) => this.watchedOf(target),
        watch: (watched, scope) => this.#watch(watched, scope),
        pull: (target, from, scope) => this.pull(target, from, scope),
        schedule: () => this.schedule(),
      },
      note: (what) => this.ctx.waitUntil(reportMetrics(this.env, SOCKET_REPORTS[what](this.kind))),
    });
    return this.#sockets;
  }

  /** D1 need not be asked for each who comes. */
  async #watch(watched: Watched, scope: Scope): Promise<boolean> {
    return this.lease.isHeld(Date.now() + LEASE_MS / 2) || this.register(watched, scope);
  }
}
