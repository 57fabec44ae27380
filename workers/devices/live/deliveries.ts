import type { Revoked } from "#auth/revocation.ts";
import type { LiveItem } from "#objects/item.ts";
import { Answers } from "./answers.ts";
import type { Listener } from "./attachment.ts";
import type { CancelFlags } from "./cancel-flags.ts";
import type { Outbox } from "./outbox.ts";
import { CLOSINGS } from "./protocol.ts";
import type { Queries, Query } from "./queries.ts";
import { close, send, sendItem } from "./send.ts";

export type DeliveriesDeps = {
  readonly revoked: () => Promise<Revoked>;
  readonly queries: Queries;
  readonly outbox: Outbox;
  readonly cancelFlags: CancelFlags;
};

/** What all sockets of one delivery share. */
export type Round = { readonly answers: Answers; readonly revoked: Promise<Revoked>; readonly nowMs: number };

/** Items of one subscription, and whether no more will follow. */
export type Delivery = {
  readonly id: string;
  /** `null` for a Worker, which executes queries itself. */
  readonly query: Query | null;
  readonly items: readonly LiveItem[];
  readonly isOver: boolean;
};

/** Sends items to sockets, each after those that the socket still has to send. */
export class Deliveries {
  readonly #deps: DeliveriesDeps;

  constructor(deps: DeliveriesDeps) {
    this.#deps = deps;
  }

  newRound(nowMs = Date.now()): Round {
    return { answers: new Answers(this.#deps.queries), revoked: this.#deps.revoked(), nowMs };
  }

  /** Closes the socket instead of sending what is enqueued after this, if its token was revoked. */
  checkRevoked(socket: WebSocket, listener: Listener, { revoked }: Round): void {
    this.#deps.outbox.enqueue(socket, async () => closeIfRevoked(socket, listener, await revoked));
  }

  enqueue(socket: WebSocket, { scope }: Listener, { id, query, items, isOver }: Delivery, { answers }: Round): void {
    const { outbox, cancelFlags } = this.#deps;
    const cancelFlag = cancelFlags.get(socket, id);
    for (const item of items) {
      outbox.enqueue(socket, async () => {
        if (cancelFlag.cancelled) return;
        if (query === null) return sendItem(socket, { type: "item", item });
        const payload = await answers.get(query, scope, item);
        if (cancelFlag.cancelled || socket.readyState !== WebSocket.OPEN) return;
        socket.send(`{"type":"next","id":${JSON.stringify(id)},"payload":${payload}}`);
      });
    }
    if (!isOver) return;
    cancelFlags.drop(socket, id);
    outbox.enqueue(socket, async () => {
      if (query === null) sendItem(socket, { type: "complete" });
      else if (!cancelFlag.cancelled) send(socket, { type: "complete", id });
    });
  }
}

export function closeIfRevoked(socket: WebSocket, { token }: Listener, revoked: Revoked): void {
  if (token && revoked.has(token)) close(socket, CLOSINGS.revoked);
}
