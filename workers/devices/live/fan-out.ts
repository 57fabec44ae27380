import type { Revoked } from "#auth/revocation.ts";
import type { Pull } from "#objects/item.ts";
import { Answers } from "./answers.ts";
import { type Listener, readAttachment, type Subscription, saveAttachment, subscribedSockets } from "./attachment.ts";
import type { CancelFlags } from "./cancel-flags.ts";
import { closeAfterFault, type Outbox } from "./outbox.ts";
import type { PendingSockets } from "./pending-sockets.ts";
import { CLOSINGS } from "./protocol.ts";
import type { Queries } from "./queries.ts";
import { close, send, sendItem } from "./send.ts";
import type { LiveSource } from "./source.ts";

export type FanOutDeps = {
  readonly ctx: DurableObjectState;
  readonly source: Pick<LiveSource, "pull">;
  readonly revoked: () => Promise<Revoked>;
  readonly queries: Queries;
  readonly outbox: Outbox;
  readonly cancelFlags: CancelFlags;
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
    const round = { answers: new Answers(this.#deps.queries), revoked: this.#deps.revoked(), nowMs };
    for (const socket of sockets) {
      try {
        this.#pumpSocket(socket, round);
      } catch (thrown) {
        closeAfterFault(socket, thrown);
      }
    }
  }

  #pumpSocket(socket: WebSocket, { answers, revoked, nowMs }: Round): void {
    const { source, pendingSockets } = this.#deps;
    const attachment = readAttachment(socket);
    const { listener } = attachment;
    if (!listener) return;
    if (listener.expiresAtMs <= nowMs) {
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
    this.#deps.outbox.enqueue(socket, async () => closeIfRevoked(socket, listener, await revoked));
    for (const { subscription, pull } of pulls) this.#enqueue(socket, { listener, subscription, pull, answers });
  }

  /** Delivers the first items of a new subscription. */
  deliverFirst(socket: WebSocket, listener: Listener, { subscription, pull }: Pulled): void {
    this.#enqueue(socket, { listener, subscription, pull, answers: new Answers(this.#deps.queries) });
  }

  /** Enqueues the items of a pull after those that the socket still has to send. */
  #enqueue(socket: WebSocket, { listener, subscription, pull, answers }: PullFor): void {
    const { outbox, cancelFlags } = this.#deps;
    const { id, query } = subscription;
    const cancelFlag = cancelFlags.get(socket, id);
    for (const item of pull.kind === "items" ? pull.items : []) {
      outbox.enqueue(socket, async () => {
        if (cancelFlag.cancelled) return;
        if (query === null) return sendItem(socket, { type: "item", item });
        const payload = await answers.get(query, listener.scope, item);
        if (cancelFlag.cancelled || socket.readyState !== WebSocket.OPEN) return;
        socket.send(`{"type":"next","id":${JSON.stringify(id)},"payload":${payload}}`);
      });
    }
    if (pull.kind === "items" && !pull.isOver) return;
    cancelFlags.drop(socket, id);
    outbox.enqueue(socket, async () => {
      if (query === null) sendItem(socket, { type: "complete" });
      else if (!cancelFlag.cancelled) send(socket, { type: "complete", id });
    });
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

function closeIfRevoked(socket: WebSocket, { token }: Listener, revoked: Revoked): void {
  if (token && revoked.has(token)) close(socket, CLOSINGS.revoked);
}

/** What all sockets of one delivery share. */
type Round = { readonly answers: Answers; readonly revoked: Promise<Revoked>; readonly nowMs: number };

/** A subscription and the items after its cursor. */
type Pulled = { readonly subscription: Subscription; readonly pull: Pull };

type PullFor = Pulled & { readonly listener: Listener; readonly answers: Answers };
