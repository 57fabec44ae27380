import { IssuerUnreachable } from "#auth/issuer.ts";
import type { ReaderSettings } from "#auth/reader-settings.ts";
import type { Revoked } from "#auth/revocation.ts";
import { authenticate } from "#auth/token.ts";
import { describeFault, log } from "#telemetry/log.ts";
import { logRefusal, noteKeyUse } from "#telemetry/token-log.ts";
import { readAttachment, saveAttachment } from "./attachment.ts";
import type { PendingSockets } from "./pending-sockets.ts";
import { CLOSINGS, type ClientMessage, type Closing } from "./protocol.ts";
import { close, send } from "./send.ts";
import type { LiveSource } from "./source.ts";

type HandshakeDeps = {
  readonly settings: ReaderSettings;
  readonly revoked: () => Promise<Revoked>;
  readonly pendingSockets: PendingSockets;
  readonly source: Pick<LiveSource, "schedule">;
};

/** Opens and authenticates client sockets. A socket has a deadline for `connection_init`, and then one for its first subscription. */
export class Handshake {
  readonly #deps: HandshakeDeps;
  /** Sockets whose tokens are being verified. */
  readonly #authenticating = new WeakSet<WebSocket>();

  constructor(deps: HandshakeDeps) {
    this.#deps = deps;
  }

  /** Takes a socket that has not authenticated yet. */
  open(socket: WebSocket, address: string): void {
    saveAttachment(socket, { speaks: "graphql", address, listener: null, subscriptions: [] });
    this.#deps.pendingSockets.enter(socket, address, "init");
  }

  async authenticate(
    socket: WebSocket,
    { payload }: Extract<ClientMessage, { type: "connection_init" }>,
  ): Promise<void> {
    const attachment = readAttachment(socket);
    if (attachment.listener || this.#authenticating.has(socket)) return close(socket, CLOSINGS.tooManyInits);
    this.#authenticating.add(socket);
    const { settings, source, pendingSockets } = this.#deps;
    const authorization = payload?.Authorization ?? payload?.authorization;
    try {
      const caller = await authenticate(typeof authorization === "string" ? authorization : null, {
        ...settings.trust,
        isRevoked: async (token) => (await this.#deps.revoked()).has(token),
      });
      if (!caller.ok) {
        logRefusal(caller);
        return this.#reject(socket, [CLOSINGS.badToken[0], `Forbidden: ${caller.message}`]);
      }
      noteKeyUse(caller.token);
      const { scope, expiresAtMs, caller: name, token } = caller;
      if (!saveAttachment(socket, { ...attachment, listener: { scope, expiresAtMs, caller: name, token } })) {
        return this.#reject(socket, CLOSINGS.largeToken);
      }
      if (socket.readyState !== WebSocket.OPEN) return;
      pendingSockets.enter(socket, attachment.address, "subscription");
      await source.schedule();
      send(socket, { type: "connection_ack" });
    } catch (thrown) {
      if (!(thrown instanceof IssuerUnreachable)) throw thrown;
      log("warn", "live.issuer_unreachable", describeFault(thrown));
      this.#reject(socket, CLOSINGS.tryAgain);
    }
  }

  #reject(socket: WebSocket, closing: Closing): void {
    this.#deps.pendingSockets.leave(socket);
    close(socket, closing);
  }
}
