import type { Pull } from "../../../src/shared/live/item.ts";
import { Answers } from "./answers.ts";
import { attach, attachmentOf, type Listener, listening, type Subscription } from "./attachment.ts";
import type { Marks } from "./marks.ts";
import { lose, type Outbox } from "./outbox.ts";
import type { PendingSockets } from "./pending-sockets.ts";
import { CLOSINGS } from "./protocol.ts";
import type { Queries } from "./queries.ts";
import { close, send, sendItem } from "./say.ts";
import type { LiveSource } from "./source.ts";

export type DeliveryDeps = {
  readonly ctx: DurableObjectState;
  readonly source: Pick<LiveSource, "pull">;
  readonly queries: Queries;
  readonly outbox: Outbox;
  readonly marks: Marks;
  readonly waitingRoom: PendingSockets;
};

/** How subscriptions are told: each of what stands behind its cursor, in order, and of nothing past its token's end. */
export class Delivery {
  readonly #deps: DeliveryDeps;

  constructor(deps: DeliveryDeps) {
    this.#deps = deps;
  }

  /** Tells every subscription what stands behind its cursor. */
  pump(nowMs: number): void {
    const answers = new Answers(this.#deps.queries);
    for (const socket of listening(this.#deps.ctx)) {
      try {
        this.#pumpSocket(socket, answers, nowMs);
      } catch (thrown) {
        lose(socket, thrown);
      }
    }
  }

  #pumpSocket(socket: WebSocket, answers: Answers, nowMs: number): void {
    const { source, waitingRoom } = this.#deps;
    const attachment = attachmentOf(socket);
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
    // Before anything is told: what is told and not noted would be told again.
    if (!attach(socket, { ...attachment, subscriptions })) throw new Error("a cursor has outgrown its attachment");
    if (subscriptions.length === 0 && pulls.length > 0 && attachment.speaks === "graphql") {
      waitingRoom.enter(socket, attachment.address, "subscription");
    }
    for (const { subscription, pull } of pulls) this.#tell(socket, { listener, subscription, pull, answers });
  }

  /** Tells a subscription that has just begun, what it begins with. */
  open(socket: WebSocket, listener: Listener, { subscription, pull }: Pulled): void {
    this.#tell(socket, { listener, subscription, pull, answers: new Answers(this.#deps.queries) });
  }

  /** Queues what a pull brought behind what the socket still has to send. */
  #tell(socket: WebSocket, { listener, subscription, pull, answers }: Telling): void {
    const { outbox, marks } = this.#deps;
    const { id, query } = subscription;
    const mark = marks.of(socket, id);
    for (const item of pull.kind === "items" ? pull.items : []) {
      outbox.enqueue(socket, async () => {
        if (mark.cancelled) return;
        if (query === null) return sendItem(socket, { type: "item", item });
        const payload = await answers.of(query, listener.scope, item);
        if (mark.cancelled || socket.readyState !== WebSocket.OPEN) return;
        socket.send(`{"type":"next","id":${JSON.stringify(id)},"payload":${payload}}`);
      });
    }
    if (pull.kind === "items" && !pull.isOver) return;
    marks.drop(socket, id);
    outbox.enqueue(socket, async () => {
      if (query === null) sendItem(socket, { type: "complete" });
      else if (!mark.cancelled) send(socket, { type: "complete", id });
    });
  }

  /** Closes what has run out. @returns when the next one does, or `null` */
  expire(nowMs: number): number | null {
    let next: number | null = null;
    for (const socket of listening(this.#deps.ctx)) {
      const { listener } = attachmentOf(socket);
      if (!listener) continue;
      if (listener.expiresAtMs <= nowMs) close(socket, CLOSINGS.expired);
      else next = Math.min(next ?? Number.POSITIVE_INFINITY, listener.expiresAtMs);
    }
    return next;
  }
}

/** A subscription, and what stood behind its cursor. */
type Pulled = { readonly subscription: Subscription; readonly pull: Pull };

type Telling = Pulled & { readonly listener: Listener; readonly answers: Answers };
