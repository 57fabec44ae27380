import type { ReaderSettings } from "../../../src/shared/auth/reader-settings.ts";
import { liveRequestIn, OBJECT_PATHS } from "../../../src/shared/live/wire.ts";
import { addressOf } from "../../../src/shared/rate-limit.ts";
import { faultOf, log } from "../../../src/shared/telemetry/log.ts";
import { Delivery } from "./delivery.ts";
import { Handshake } from "./handshake.ts";
import { Marks } from "./marks.ts";
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
import { close, send } from "./say.ts";
import type { LiveSource } from "./source.ts";
import { Subscriptions } from "./subscriptions.ts";

export type LiveSocketsDeps = {
  readonly ctx: DurableObjectState;
  readonly settings: ReaderSettings;
  readonly queries: Queries;
  readonly source: LiveSource;
  /** Counts a socket that came or went. */
  readonly note: (what: "opened" | "closed") => void;
};

/**
 * The sockets of an object, which may sleep while they are open. A subscription is a cursor into what its source
 * remembers: telling it of something is to pull what stands behind the cursor, so nothing is told twice or left out,
 * and to resume is to begin elsewhere.
 */
export class LiveSockets {
  readonly #deps: LiveSocketsDeps;
  readonly #waitingRoom = new PendingSockets((socket, awaited) =>
    close(socket, awaited === "init" ? CLOSINGS.initTimeout : CLOSINGS.idle),
  );
  readonly #handshake: Handshake;
  readonly #subscriptions: Subscriptions;
  readonly #delivery: Delivery;

  constructor(deps: LiveSocketsDeps) {
    this.#deps = deps;
    const { ctx, settings, queries, source } = deps;
    const parts = {
      ctx,
      source,
      queries,
      outbox: new Outbox(ctx),
      marks: new Marks(),
      waitingRoom: this.#waitingRoom,
    };
    this.#handshake = new Handshake({ settings, source, waitingRoom: this.#waitingRoom });
    this.#delivery = new Delivery(parts);
    this.#subscriptions = new Subscriptions({ ...parts, delivery: this.#delivery });
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
  }

  /**
   * Takes a socket of a client or of a Worker of ours, as the path says. It counts once it is subscribed to something
   * that its token may see: what nobody has looked at yet must not keep out those who may.
   */
  accept(request: Request): Response {
    const [client, socket] = Object.values(new WebSocketPair()) as [WebSocket, WebSocket];
    this.#deps.ctx.acceptWebSocket(socket);
    this.#deps.note("opened");
    if (new URL(request.url).pathname === OBJECT_PATHS.items) {
      this.#subscriptions.hear(socket, liveRequestIn(request.headers));
      return new Response(null, { status: 101, webSocket: client });
    }
    this.#handshake.begin(socket, addressOf(request.headers));
    const headers = { "Sec-WebSocket-Protocol": GRAPHQL_TRANSPORT_WS };
    return new Response(null, { status: 101, webSocket: client, headers });
  }

  /** It has left. */
  forget(socket: WebSocket): void {
    this.#waitingRoom.leave(socket);
    this.#deps.note("closed");
  }

  /** Never throws: whatever a client sends, the others go on. */
  async receive(socket: WebSocket, text: string | ArrayBuffer): Promise<void> {
    try {
      const isText = typeof text === "string" && text.length <= MAX_MESSAGE_LENGTH;
      const message = isText ? parseMessage(text) : undefined;
      if (message) await this.#take(socket, message);
      else close(socket, CLOSINGS.badMessage);
    } catch (thrown) {
      log("error", "live.message_fault", faultOf(thrown));
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
        return this.#handshake.greet(socket, message);
      case "subscribe":
        return this.#subscriptions.subscribe(socket, message);
      case "complete":
        return this.#subscriptions.cancel(socket, message.id);
    }
  }

  /** Tells every subscription what stands behind its cursor. */
  pump(nowMs = Date.now()): void {
    this.#delivery.pump(nowMs);
  }

  /** Closes what has run out. @returns when the next one does, or `null` */
  expire(nowMs: number): number | null {
    return this.#delivery.expire(nowMs);
  }
}
