import { IssuerUnreachable } from "../../../src/shared/auth/issuer.ts";
import type { ReaderSettings } from "../../../src/shared/auth/reader-settings.ts";
import { authenticate } from "../../../src/shared/auth/token.ts";
import { faultOf, log } from "../../../src/shared/telemetry/log.ts";
import { attach, attachmentOf } from "./attachment.ts";
import type { PendingSockets } from "./pending-sockets.ts";
import { CLOSINGS, type ClientMessage, type Closing } from "./protocol.ts";
import { close, send } from "./say.ts";
import type { LiveSource } from "./source.ts";

type HandshakeDeps = {
  readonly settings: ReaderSettings;
  readonly waitingRoom: PendingSockets;
  readonly source: Pick<LiveSource, "schedule">;
};

/** How clients come in: a socket is waited for until it has said who it is, and then until it subscribes. */
export class Handshake {
  readonly #deps: HandshakeDeps;
  /** Who is being looked at. */
  readonly #greeting = new WeakSet<WebSocket>();

  constructor(deps: HandshakeDeps) {
    this.#deps = deps;
  }

  /** Nobody knows yet who it is. */
  begin(socket: WebSocket, address: string): void {
    attach(socket, { speaks: "graphql", address, listener: null, subscriptions: [] });
    this.#deps.waitingRoom.enter(socket, address, "init");
  }

  async greet(socket: WebSocket, { payload }: Extract<ClientMessage, { type: "connection_init" }>): Promise<void> {
    const attachment = attachmentOf(socket);
    if (attachment.listener || this.#greeting.has(socket)) return close(socket, CLOSINGS.tooManyInits);
    this.#greeting.add(socket);
    const { settings, source, waitingRoom } = this.#deps;
    const authorization = payload?.Authorization ?? payload?.authorization;
    try {
      const caller = await authenticate(
        typeof authorization === "string" ? authorization : null,
        settings.tokenSecret,
        settings.tokenIssuer,
      );
      if (!caller.ok) return this.#turnAway(socket, [CLOSINGS.badToken[0], `Forbidden: ${caller.message}`]);
      const { scope, expiresAtMs, caller: name } = caller;
      if (!attach(socket, { ...attachment, listener: { scope, expiresAtMs, caller: name } })) {
        return this.#turnAway(socket, CLOSINGS.largeToken);
      }
      if (socket.readyState !== WebSocket.OPEN) return;
      waitingRoom.enter(socket, attachment.address, "subscription");
      await source.schedule();
      send(socket, { type: "connection_ack" });
    } catch (thrown) {
      if (!(thrown instanceof IssuerUnreachable)) throw thrown;
      log("warn", "live.issuer_unreachable", faultOf(thrown));
      this.#turnAway(socket, CLOSINGS.tryAgain);
    }
  }

  #turnAway(socket: WebSocket, why: Closing): void {
    this.#deps.waitingRoom.leave(socket);
    close(socket, why);
  }
}
