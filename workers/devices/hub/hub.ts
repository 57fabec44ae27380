import type { ReaderSettings } from "#auth/reader-settings.ts";
import type { Revoked } from "#auth/revocation.ts";
import type { Followable, Followed, Offer, ScopeKey } from "#objects/hub.ts";
import type { Operations } from "#objects/operations.ts";
import type { LiveRequest } from "#objects/wire.ts";
import type { Listener } from "../live/attachment.ts";
import { CancelFlags } from "../live/cancel-flags.ts";
import { Connections } from "../live/connections.ts";
import { closeIfRevoked, Deliveries } from "../live/deliveries.ts";
import { Handshake } from "../live/handshake.ts";
import { Outbox } from "../live/outbox.ts";
import { PendingSockets } from "../live/pending-sockets.ts";
import { CLOSINGS, type ClientMessage, type Closing } from "../live/protocol.ts";
import { formatError, type Queries } from "../live/queries.ts";
import { close, send, sendError, TOO_MANY_SOCKETS } from "../live/send.ts";
import { type Calls, Following } from "./following.ts";
import { HubOperations } from "./hub-operations.ts";
import { HubSubscriptions } from "./hub-subscriptions.ts";
import { Offers } from "./offers.ts";
import { type HubAttachment, Places } from "./places.ts";
import { Progress } from "./progress.ts";
import type { HubStore } from "./repositories/hub-store.ts";

/**
 * Authenticated sockets of a hub, in all, by caller and by address. There are sixteen hubs at a location, and an address
 * has one of them, so an office of a thousand screens finds room. Our choice.
 */
const MAX_SOCKETS = 4_000;
export const MAX_SOCKETS_BY_CALLER = 250;
const MAX_SOCKETS_BY_ADDRESS = 1_000;

/** Sockets that have not authenticated yet. After a deployment an office comes back all at once. Our choice. */
const PENDING = { all: 1_000, ofAddress: 500 };

type HubDeps = {
  readonly ctx: DurableObjectState;
  readonly name: () => string;
  readonly settings: ReaderSettings;
  readonly store: HubStore;
  readonly queries: Queries;
  readonly objectOf: (followed: Followed) => Followable;
  readonly operations: () => Operations;
  readonly revoked: () => Promise<Revoked>;
  /** Counts an opened or closed socket. */
  readonly note: (what: "opened" | "closed") => void;
  /** Counts calls of the objects that the hub follows. */
  readonly noteCalls: (calls: Calls) => void;
  /** Sets the alarm for the next token that expires. */
  readonly schedule: () => Promise<void>;
};

/** The sockets of many clients, and what they subscribe to: the parts of a hub, put together. */
export class Hub {
  readonly #deps: HubDeps;
  readonly #places: Places;
  readonly #following: Following;
  readonly #connections: Connections;
  readonly #subscriptions: HubSubscriptions;
  readonly #operations: HubOperations;
  readonly #offers: Offers;
  readonly #cancelFlags = new CancelFlags();
  readonly #pendingSockets = new PendingSockets((socket) => close(socket, CLOSINGS.initTimeout), PENDING);

  constructor(deps: HubDeps) {
    this.#deps = deps;
    const { ctx, store, queries, settings, revoked } = deps;
    const cancelFlags = this.#cancelFlags;
    const places = new Places(ctx);
    const following = new Following({
      hub: deps.name,
      objectOf: deps.objectOf,
      store,
      waitUntil: (work) => ctx.waitUntil(work),
      note: deps.noteCalls,
    });
    const deliveries = new Deliveries({ revoked, queries, outbox: new Outbox(ctx), cancelFlags });
    const progress = new Progress({ store, places, following, deliveries });
    const parts = { store, places, following, progress, deliveries };
    const subscriptions = new HubSubscriptions({ ...parts, queries, cancelFlags });
    const pendingSockets = this.#pendingSockets;
    const admit = (socket: WebSocket, listener: Listener) => this.#admit(socket, listener);
    const handshake = new Handshake({ settings, revoked, pendingSockets, admit });
    this.#places = places;
    this.#following = following;
    this.#subscriptions = subscriptions;
    this.#operations = new HubOperations(deps.operations);
    this.#offers = new Offers({ ...parts, restart: (follow) => subscriptions.restart(follow) });
    this.#connections = new Connections({
      ctx,
      noteOpened: () => deps.note("opened"),
      conversation: {
        open: (socket, address) => handshake.open(socket, blank("graphql", address)),
        authenticate: (socket, message) => handshake.authenticate(socket, message),
        subscribe: (socket, message) => this.#subscribe(socket, message),
        cancel: (socket, id) => this.#cancel(socket, id),
        subscribeWorker: (socket, request) => this.#subscribeWorker(socket, request),
      },
    });
  }

  accept(request: Request): Response {
    return this.#connections.accept(request, [crypto.randomUUID()]);
  }

  receive(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    return this.#connections.receive(socket, message);
  }

  /** Forgets a socket that has closed. */
  forget(socket: WebSocket): void {
    this.#pendingSockets.leave(socket);
    this.#following.release(this.#deps.store.removeSocket(this.#places.nameOf(socket)));
    this.#deps.note("closed");
  }

  take(offers: readonly Offer[]): void {
    this.#offers.take(offers);
  }

  stillFollows(followed: Followed, scopeKeys: readonly ScopeKey[]): ScopeKey[] {
    const kept = this.#deps.store.scopeKeysOf(followed);
    return scopeKeys.filter((scopeKey) => kept.has(scopeKey));
  }

  /** Forgets the sockets that are gone, and closes those whose tokens have expired or were revoked. */
  async check(nowMs: number): Promise<void> {
    this.#forgetGone();
    const revoked = await this.#deps.revoked();
    for (const name of this.#deps.store.socketNames()) {
      const socket = this.#places.socketOf(name);
      const listener = socket && this.#places.read(socket).listener;
      if (!listener) continue;
      if (listener.expiresAtMs <= nowMs) close(socket, CLOSINGS.expired);
      else closeIfRevoked(socket, listener, revoked);
    }
  }

  /** At once: after a reset, the clients that come back need the room. */
  #forgetGone(): void {
    const { store } = this.#deps;
    for (const name of store.socketNames()) {
      if (!this.#places.socketOf(name)) this.#following.release(store.removeSocket(name));
    }
  }

  /** A socket that has authenticated counts, and may stay without subscriptions: it may also send queries. */
  async #admit(socket: WebSocket, listener: Listener): Promise<Closing | undefined> {
    this.#places.refresh(socket);
    if (!this.#takeSeat(socket, listener)) return CLOSINGS.tooManySockets;
    this.#pendingSockets.leave(socket);
    await this.#deps.schedule();
    return undefined;
  }

  /** @returns whether the limits leave room for one more socket */
  #takeSeat(socket: WebSocket, { caller, expiresAtMs }: Listener): boolean {
    const { store } = this.#deps;
    const { address } = this.#places.read(socket);
    const { all, ofCaller, ofAddress } = store.countSockets({ caller, address });
    if (all >= MAX_SOCKETS || ofCaller >= MAX_SOCKETS_BY_CALLER || ofAddress >= MAX_SOCKETS_BY_ADDRESS) return false;
    store.addSocket({ name: this.#places.nameOf(socket), caller, address, expiresAtMs });
    return true;
  }

  #subscribeWorker(socket: WebSocket, { address, target, ...listener }: LiveRequest): void {
    const attachment = blank("items", address);
    if (!this.#places.save(socket, { ...attachment, listener })) {
      this.#places.save(socket, attachment);
      sendError(socket, "items", { code: "COST_LIMIT", message: CLOSINGS.largeToken[1] });
    } else if (this.#takeSeat(socket, listener)) {
      const cancelFlag = this.#cancelFlags.get(socket, "items");
      this.#subscriptions.start(socket, listener, { id: "items", target, admitted: null, cancelFlag });
      this.#deps.ctx.waitUntil(this.#deps.schedule());
    } else {
      sendError(socket, "items", TOO_MANY_SOCKETS);
    }
  }

  async #subscribe(socket: WebSocket, { id, payload }: Extract<ClientMessage, { type: "subscribe" }>): Promise<void> {
    const { queries, revoked } = this.#deps;
    const { listener, address } = this.#places.read(socket);
    if (!listener) return close(socket, CLOSINGS.unauthorized);
    if (listener.expiresAtMs <= Date.now()) return close(socket, CLOSINGS.expired);
    if (this.#isTaken(socket, id)) return close(socket, CLOSINGS.duplicateId);
    const cancelFlag = this.#cancelFlags.get(socket, id);
    let hasStarted = false;
    try {
      if (await queries.isForApi(payload, listener.scope)) {
        const call = { ...listener, address, payload: JSON.stringify(payload) };
        return await this.#operations.run(socket, { id, call, cancelFlag });
      }
      const admitted = await queries.admit(payload, listener.scope);
      if (cancelFlag.cancelled) return;
      if (!admitted.ok) return send(socket, { type: "error", id, payload: admitted.errors.map(formatError) });
      if (listener.token && (await revoked()).has(listener.token)) return close(socket, CLOSINGS.revoked);
      const asked = { id, target: admitted.target, admitted: admitted.query, cancelFlag };
      hasStarted = this.#subscriptions.start(socket, listener, asked);
    } finally {
      if (!hasStarted) this.#cancelFlags.drop(socket, id, cancelFlag);
    }
  }

  #isTaken(socket: WebSocket, id: string): boolean {
    return (
      this.#cancelFlags.idsOf(socket).includes(id) || this.#subscriptions.of(socket).some((other) => other.id === id)
    );
  }

  #cancel(socket: WebSocket, id: string): void {
    if (this.#places.read(socket).listener) this.#subscriptions.cancel(socket, id);
    else close(socket, CLOSINGS.unauthorized);
  }
}

const blank = (speaks: HubAttachment["speaks"], address: string): HubAttachment => ({
  speaks,
  address,
  listener: null,
  next: 1,
  places: {},
});
