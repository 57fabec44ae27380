import type { ReaderSettings } from "#auth/reader-settings.ts";
import type { Revoked } from "#auth/revocation.ts";
import { clientAddress } from "#base/rate-limit.ts";
import { OBJECT_PATHS, parseLiveRequest } from "#objects/wire.ts";
import { describeFault, log } from "#telemetry/log.ts";
import { CancelFlags } from "./cancel-flags.ts";
import { FanOut } from "./fan-out.ts";
import { Handshake } from "./handshake.ts";
import { Outbox } from "./outbox.ts";
import { PendingSockets } from "./pending-sockets.ts";
import {
  CLOSINGS,
  type ClientMessage,
  GRAPHQL_TRANSPORT_WS,
  MAX_MESSAGE_LENGTH,
  PING,
  PONG,
  parseMessage,
} from "./protocol.ts";
import type { Queries } from "./queries.ts";
import { close, send } from "./send.ts";
import type { LiveSource } from "./source.ts";
import { Subscriptions } from "./subscriptions.ts";

export type LiveSocketsDeps = {
  readonly ctx: DurableObjectState;
  readonly settings: ReaderSettings;
  readonly queries: Queries;
  readonly source: LiveSource;
  /** The revoked tokens, as of less than half a minute ago. */
  readonly revoked: () => Promise<Revoked>;
  /** Counts an opened or closed socket. */
  readonly note: (what: "opened" | "closed") => void;
};

/**
 * The sockets of an object, which may hibernate while they are open. A subscription is a cursor into the changes that
 * its source stores. Delivery pulls the items after the cursor, so none is sent twice or left out; to resume is to start
 * from another cursor.
 */
export class LiveSockets {
  readonly #deps: LiveSocketsDeps;
  readonly #pendingSockets = new PendingSockets((socket, step) =>
    close(socket, step === "init" ? CLOSINGS.initTimeout : CLOSINGS.idle),
  );
  readonly #handshake: Handshake;
  readonly #subscriptions: Subscriptions;
  readonly #fanOut: FanOut;

  constructor(deps: LiveSocketsDeps) {
    this.#deps = deps;
    const { ctx, settings, queries, source, revoked } = deps;
    const parts = {
      ctx,
      source,
      revoked,
      queries,
      outbox: new Outbox(ctx),
      cancelFlags: new CancelFlags(),
      pendingSockets: this.#pendingSockets,
    };
    this.#handshake = new Handshake({ settings, source, revoked, pendingSockets: this.#pendingSockets });
    this.#fanOut = new FanOut(parts);
    this.#subscriptions = new Subscriptions({ ...parts, fanOut: this.#fanOut });
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
  }

  /**
   * Accepts a socket, from a client or from one of our Workers by its path. It counts towards the limits once it is
   * subscribed to something that its token may see: unauthenticated sockets must not use up what others may have.
   */
  accept(request: Request): Response {
    const [client, socket] = Object.values(new WebSocketPair()) as [WebSocket, WebSocket];
    this.#deps.ctx.acceptWebSocket(socket);
    this.#deps.note("opened");
    if (new URL(request.url).pathname === OBJECT_PATHS.items) {
      this.#subscriptions.subscribeWorker(socket, parseLiveRequest(request.headers));
      return new Response(null, { status: 101, webSocket: client });
    }
    this.#handshake.open(socket, clientAddress(request.headers));
    const headers = { "Sec-WebSocket-Protocol": GRAPHQL_TRANSPORT_WS };
    return new Response(null, { status: 101, webSocket: client, headers });
  }

  /** Forgets a socket that has closed. */
  forget(socket: WebSocket): void {
    this.#pendingSockets.leave(socket);
    this.#deps.note("closed");
  }

  /** Never throws: what one client sends must not affect the others. */
  async receive(socket: WebSocket, text: string | ArrayBuffer): Promise<void> {
    try {
      const isText = typeof text === "string" && text.length <= MAX_MESSAGE_LENGTH;
      const message = isText ? parseMessage(text) : undefined;
      if (message) await this.#take(socket, message);
      else close(socket, CLOSINGS.badMessage);
    } catch (thrown) {
      log("error", "live.message_fault", describeFault(thrown));
      close(socket, CLOSINGS.tryAgain);
    }
  }

  async #take(socket: WebSocket, message: ClientMessage): Promise<void> {
    switch (message.type) {
      case "ping":
        return send(socket, { type: "pong" });
      case "pong":
        return;
      case "connection_init":
        return this.#handshake.authenticate(socket, message);
      case "subscribe":
        return this.#subscriptions.subscribe(socket, message);
      case "complete":
        return this.#subscriptions.cancel(socket, message.id);
    }
  }

  /** Delivers to every subscription the items after its cursor. */
  pump(nowMs = Date.now()): void {
    this.#fanOut.pump(nowMs);
  }

  /** Closes the sockets whose tokens were revoked, also those that get nothing. */
  closeRevoked(): Promise<void> {
    return this.#fanOut.closeRevoked();
  }

  /** Closes the sockets whose tokens have expired. @returns when the next token expires, or `null` */
  closeExpired(nowMs: number): number | null {
    return this.#fanOut.closeExpired(nowMs);
  }
}
