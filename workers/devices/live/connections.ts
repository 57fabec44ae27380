import { clientAddress } from "#base/rate-limit.ts";
import { type LiveRequest, OBJECT_PATHS, parseLiveRequest } from "#objects/wire.ts";
import { describeFault, log } from "#telemetry/log.ts";
import {
  CLOSINGS,
  type ClientMessage,
  GRAPHQL_TRANSPORT_WS,
  MAX_MESSAGE_LENGTH,
  PING,
  PONG,
  parseMessage,
} from "./protocol.ts";
import { close, send } from "./send.ts";

type Message<Type extends ClientMessage["type"]> = Extract<ClientMessage, { type: Type }>;

/** What an object does with sockets and their messages. */
export type Conversation = {
  /** Takes the socket of a client, who has not authenticated yet. */
  readonly open: (socket: WebSocket, address: string) => void;
  readonly authenticate: (socket: WebSocket, message: Message<"connection_init">) => Promise<void>;
  readonly subscribe: (socket: WebSocket, message: Message<"subscribe">) => Promise<void>;
  readonly cancel: (socket: WebSocket, id: string) => void;
  /** Starts the one subscription of a Worker that subscribes for its own client. */
  readonly subscribeWorker: (socket: WebSocket, request: LiveRequest) => void;
};

type ConnectionsDeps = {
  readonly ctx: DurableObjectState;
  readonly conversation: Conversation;
  /** Counts an opened socket. */
  readonly noteOpened: () => void;
};

/** The sockets of an object and the protocol that they speak. They may hibernate while they are open. */
export class Connections {
  readonly #deps: ConnectionsDeps;

  constructor(deps: ConnectionsDeps) {
    this.#deps = deps;
    deps.ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
  }

  /**
   * Accepts a socket, from a client or from one of our Workers by its path.
   * @param tags of the socket, by which the object finds it
   */
  accept(request: Request, tags: string[] = []): Response {
    const { ctx, conversation, noteOpened } = this.#deps;
    const [client, socket] = Object.values(new WebSocketPair()) as [WebSocket, WebSocket];
    ctx.acceptWebSocket(socket, tags);
    noteOpened();
    if (new URL(request.url).pathname === OBJECT_PATHS.items) {
      conversation.subscribeWorker(socket, parseLiveRequest(request.headers));
      return new Response(null, { status: 101, webSocket: client });
    }
    conversation.open(socket, clientAddress(request.headers));
    const headers = { "Sec-WebSocket-Protocol": GRAPHQL_TRANSPORT_WS };
    return new Response(null, { status: 101, webSocket: client, headers });
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
    const { conversation } = this.#deps;
    switch (message.type) {
      case "ping":
        return send(socket, { type: "pong" });
      case "pong":
        return;
      case "connection_init":
        return conversation.authenticate(socket, message);
      case "subscribe":
        return conversation.subscribe(socket, message);
      case "complete":
        return conversation.cancel(socket, message.id);
    }
  }
}
