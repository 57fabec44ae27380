import type { Revoked } from "#auth/revocation.ts";
import type { Pull } from "#objects/item.ts";
import { type Listener, readAttachment, type Subscription, saveAttachment, subscribedSockets } from "./attachment.ts";
import { closeIfRevoked, type Deliveries, type Delivery, type Round } from "./deliveries.ts";
import { closeAfterFault } from "./outbox.ts";
import type { PendingSockets } from "./pending-sockets.ts";
import { CLOSINGS } from "./protocol.ts";
import { close } from "./send.ts";
import type { LiveSource } from "./source.ts";

export type FanOutDeps = {
  readonly ctx: DurableObjectState;
  readonly source: Pick<LiveSource, "pull">;
  readonly revoked: () => Promise<Revoked>;
  readonly deliveries: Deliveries;
  readonly pendingSockets: PendingSockets;
};

/** Delivers items to subscriptions: those after each one's cursor, in order, until its token expires. */
export class FanOut {
  readonly #deps: FanOutDeps;

  constructor(deps: FanOutDeps) {
    this.#deps = deps;
  }

  /** Delivers to every subscription the items after its cursor. */
  pump(nowMs: number): void {
    const sockets = subscribedSockets(this.#deps.ctx);
    if (sockets.length === 0) return;
    const round = this.#deps.deliveries.newRound(nowMs);
    for (const socket of sockets) {
      try {
        this.#pumpSocket(socket, round);
      } catch (thrown) {
        closeAfterFault(socket, thrown);
      }
    }
  }

  #pumpSocket(socket: WebSocket, round: Round): void {
    const { source, pendingSockets, deliveries } = this.#deps;
    const attachment = readAttachment(socket);
    const { listener } = attachment;
    if (!listener) return;
    if (listener.expiresAtMs <= round.nowMs) {
      close(socket, CLOSINGS.expired);
      return;
    }
    const pulls = attachment.subscriptions.map((subscription) => {
      const { target, cursor } = subscription;
      return { subscription, pull: source.pull(target, { cursor, isOngoing: true }, listener.scope) };
    });
    const subscriptions = pulls.flatMap(({ subscription, pull }) =>
      pull.kind === "items" && !pull.isOver ? [{ ...subscription, cursor: pull.cursor }] : [],
    );
    // Saved before the items are sent: an item that was sent and not saved would be delivered again.
    if (!saveAttachment(socket, { ...attachment, subscriptions }))
      throw new Error("the cursors no longer fit the socket's attachment");
    if (subscriptions.length === 0 && pulls.length > 0 && attachment.speaks === "graphql") {
      pendingSockets.enter(socket, attachment.address, "subscription");
    }
    // Before the items, in the same order: nothing is sent on a socket whose token was revoked.
    deliveries.checkRevoked(socket, listener, round);
    for (const { subscription, pull } of pulls) {
      deliveries.enqueue(socket, listener, toDelivery(subscription, pull), round);
    }
  }

  /** Delivers the first items of a new subscription. */
  deliverFirst(
    socket: WebSocket,
    listener: Listener,
    { subscription, pull }: { readonly subscription: Subscription; readonly pull: Pull },
  ): void {
    const { deliveries } = this.#deps;
    deliveries.enqueue(socket, listener, toDelivery(subscription, pull), deliveries.newRound());
  }

  /** Closes the sockets whose tokens were revoked. */
  async closeRevoked(): Promise<void> {
    const revoked = await this.#deps.revoked();
    for (const socket of this.#deps.ctx.getWebSockets()) {
      const { listener } = readAttachment(socket);
      if (listener) closeIfRevoked(socket, listener, revoked);
    }
  }

  /** Closes the sockets whose tokens have expired. @returns when the next token expires, or `null` */
  closeExpired(nowMs: number): number | null {
    let next: number | null = null;
    for (const socket of subscribedSockets(this.#deps.ctx)) {
      const { listener } = readAttachment(socket);
      if (!listener) continue;
      if (listener.expiresAtMs <= nowMs) close(socket, CLOSINGS.expired);
      else next = Math.min(next ?? Number.POSITIVE_INFINITY, listener.expiresAtMs);
    }
    return next;
  }
}

const toDelivery = ({ id, query }: Subscription, pull: Pull): Delivery =>
  pull.kind === "items"
    ? { id, query, items: pull.items, isOver: pull.isOver }
    : { id, query, items: [], isOver: true };
