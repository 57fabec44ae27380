import type { ReaderSettings } from "#auth/reader-settings.ts";
import type { Revoked } from "#auth/revocation.ts";
import { type Attachment, readAttachment } from "./attachment.ts";
import { CancelFlags } from "./cancel-flags.ts";
import { Connections } from "./connections.ts";
import { Deliveries } from "./deliveries.ts";
import { FanOut } from "./fan-out.ts";
import { Handshake } from "./handshake.ts";
import { Outbox } from "./outbox.ts";
import { PendingSockets } from "./pending-sockets.ts";
import { CLOSINGS } from "./protocol.ts";
import type { Queries } from "./queries.ts";
import { close } from "./send.ts";
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
  readonly #connections: Connections;
  readonly #fanOut: FanOut;

  constructor(deps: LiveSocketsDeps) {
    this.#deps = deps;
    const { ctx, settings, queries, source, revoked } = deps;
    const pendingSockets = this.#pendingSockets;
    const parts = { revoked, queries, outbox: new Outbox(ctx), cancelFlags: new CancelFlags() };
    const deliveries = new Deliveries(parts);
    const handshake = new Handshake({
      settings,
      revoked,
      pendingSockets,
      admit: async (socket) => {
        pendingSockets.enter(socket, readAttachment(socket).address, "subscription");
        await source.schedule();
        return undefined;
      },
    });
    this.#fanOut = new FanOut({ ctx, source, revoked, deliveries, pendingSockets });
    const subscriptions = new Subscriptions({ ...parts, ctx, source, pendingSockets, fanOut: this.#fanOut });
    this.#connections = new Connections({
      ctx,
      noteOpened: () => deps.note("opened"),
      conversation: {
        open: (socket, address) =>
          handshake.open(socket, { speaks: "graphql", address, listener: null, subscriptions: [] } as Attachment),
        authenticate: (socket, message) => handshake.authenticate(socket, message),
        subscribe: (socket, message) => subscriptions.subscribe(socket, message),
        cancel: (socket, id) => subscriptions.cancel(socket, id),
        subscribeWorker: (socket, request) => subscriptions.subscribeWorker(socket, request),
      },
    });
  }

  /**
   * Accepts a socket. It counts towards the limits once it is subscribed to something that its token may see:
   * unauthenticated sockets must not use up what others may have.
   */
  accept(request: Request): Response {
    return this.#connections.accept(request);
  }

  /** Forgets a socket that has closed. */
  forget(socket: WebSocket): void {
    this.#pendingSockets.leave(socket);
    this.#deps.note("closed");
  }

  receive(socket: WebSocket, text: string | ArrayBuffer): Promise<void> {
    return this.#connections.receive(socket, text);
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
