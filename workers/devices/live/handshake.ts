import { IssuerUnreachable } from "#auth/issuer.ts";
import type { ReaderSettings } from "#auth/reader-settings.ts";
import type { Revoked } from "#auth/revocation.ts";
import { authenticate } from "#auth/token.ts";
import { describeFault, log } from "#telemetry/log.ts";
import { logRefusal, noteKeyUse } from "#telemetry/token-log.ts";
import { type Listener, readStored, type SocketAttachment, saveAttachment } from "./attachment.ts";
import type { PendingSockets } from "./pending-sockets.ts";
import { CLOSINGS, type ClientMessage, type Closing } from "./protocol.ts";
import { close, send } from "./send.ts";

type HandshakeDeps = {
  readonly settings: ReaderSettings;
  readonly revoked: () => Promise<Revoked>;
  readonly pendingSockets: PendingSockets;
  /** Takes a socket that has authenticated. @returns why it cannot */
  readonly admit: (socket: WebSocket, listener: Listener) => Promise<Closing | undefined>;
};

/** Opens and authenticates client sockets. A socket has a deadline for `connection_init`. */
export class Handshake {
  readonly #deps: HandshakeDeps;
  /** Sockets whose tokens are being verified. */
  readonly #authenticating = new WeakSet<WebSocket>();

  constructor(deps: HandshakeDeps) {
    this.#deps = deps;
  }

  /** Takes a socket that has not authenticated yet. */
  open(socket: WebSocket, attachment: SocketAttachment): void {
    saveAttachment(socket, attachment);
    this.#deps.pendingSockets.enter(socket, attachment.address, "init");
  }

  async authenticate(
    socket: WebSocket,
    { payload }: Extract<ClientMessage, { type: "connection_init" }>,
  ): Promise<void> {
    const attachment = readStored(socket);
    if (attachment.listener || this.#authenticating.has(socket)) return close(socket, CLOSINGS.tooManyInits);
    this.#authenticating.add(socket);
    const { settings, admit } = this.#deps;
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
      const listener = { scope, expiresAtMs, caller: name, token };
      if (!saveAttachment(socket, { ...attachment, listener })) return this.#reject(socket, CLOSINGS.largeToken);
      if (socket.readyState !== WebSocket.OPEN) return;
      const refusal = await admit(socket, listener);
      if (refusal) return this.#reject(socket, refusal);
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
