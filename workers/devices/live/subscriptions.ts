import type { LiveTarget } from "../../../src/shared/live/item.ts";
import type { LiveRequest } from "../../../src/shared/live/wire.ts";
import { faultOf, log } from "../../../src/shared/telemetry/log.ts";
import { type Attachment, attach, attachmentOf, listening, type Subscription } from "./attachment.ts";
import type { Delivery, DeliveryDeps } from "./delivery.ts";
import type { Mark } from "./marks.ts";
import { CLOSINGS, type ClientMessage } from "./protocol.ts";
import { type AdmittedQuery, formattedError } from "./queries.ts";
import { close, type Refusal, send, sendError, sendItem } from "./say.ts";
import type { LiveSource } from "./source.ts";

/**
 * Subscribed sockets an object: each is told of everything. And of those, how many one caller and one address may have, so
 * that nobody uses up what is there for others: an office of two hundred screens behind one address has room. Ours.
 */
const MAX_SOCKETS = 1_000;
export const MAX_SOCKETS_BY_CALLER = 250;
const MAX_SOCKETS_BY_ADDRESS = 250;

/** Subscriptions a socket. Ours; the room for their variables may run out before. */
const MAX_SUBSCRIPTIONS = 100;

type SubscriptionsDeps = Omit<DeliveryDeps, "source"> & { readonly source: LiveSource; readonly delivery: Delivery };

/** How subscriptions begin and end. One is a cursor into what its source remembers, kept with its socket. */
export class Subscriptions {
  readonly #deps: SubscriptionsDeps;

  constructor(deps: SubscriptionsDeps) {
    this.#deps = deps;
  }

  /** The one subscription of a Worker that listens for somebody else. */
  hear(socket: WebSocket, { address, target, ...listener }: LiveRequest): void {
    const mark: Mark = { cancelled: false };
    if (attach(socket, { speaks: "items", address, listener, subscriptions: [] })) {
      this.#deps.outbox.enqueue(
        socket,
        async () => void (await this.#begin(socket, { id: "items", target, admitted: null, mark })),
      );
    } else {
      attach(socket, { speaks: "items", address, listener: null, subscriptions: [] });
      sendItem(socket, { type: "error", code: "COST_LIMIT", message: NO_ROOM });
    }
  }

  async subscribe(socket: WebSocket, { id, payload }: Extract<ClientMessage, { type: "subscribe" }>): Promise<void> {
    const { marks, queries } = this.#deps;
    const { listener, subscriptions } = attachmentOf(socket);
    if (!listener) return close(socket, CLOSINGS.unauthorized);
    if (listener.expiresAtMs <= Date.now()) return close(socket, CLOSINGS.expired);
    const ids = new Set([...marks.idsOf(socket), ...subscriptions.map((one) => one.id)]);
    if (ids.has(id)) return close(socket, CLOSINGS.duplicateId);
    if (ids.size >= MAX_SUBSCRIPTIONS) {
      const message = `A socket carries at most ${MAX_SUBSCRIPTIONS} subscriptions; open another.`;
      return sendError(socket, id, { code: "COST_LIMIT", message });
    }
    const mark = marks.of(socket, id);
    let hasBegun = false;
    try {
      const admitted = await queries.admit(payload, listener.scope);
      if (mark.cancelled) return;
      if (!admitted.ok) return send(socket, { type: "error", id, payload: admitted.errors.map(formattedError) });
      hasBegun = await this.#begin(socket, { id, target: admitted.target, admitted: admitted.query, mark });
    } finally {
      if (!hasBegun) marks.drop(socket, id, mark);
    }
  }

  /** @returns whether it goes on from here */
  async #begin(socket: WebSocket, { id, target, admitted, mark }: Opening): Promise<boolean> {
    const { source, queries, delivery, waitingRoom } = this.#deps;
    const refuse = (error: Refusal): false => {
      if (!mark.cancelled) sendError(socket, id, error);
      return false;
    };
    const { listener } = attachmentOf(socket);
    if (!listener) return false;
    const watched = source.watchedOf(target);
    if (!watched) return refuse({ code: "BAD_USER_INPUT", message: ELSEWHERE });
    if (!source.mayWatch(listener.scope)) return refuse(NOT_FOUND);
    try {
      if (!(await source.watch(watched, listener.scope))) return refuse(NOT_FOUND);
    } catch (thrown) {
      log("warn", "live.not_watched", faultOf(thrown));
      close(socket, CLOSINGS.tryAgain);
      return false;
    }
    if (mark.cancelled || socket.readyState !== WebSocket.OPEN) return false;
    const pull = source.pull(target, { cursor: target.after, isOngoing: false }, listener.scope);
    if (pull.kind === "notFound" || (pull.isOver && pull.items.length === 0)) return refuse(NOT_FOUND);
    if (!this.#hasRoomFor(socket)) return refuse(TOO_MANY_SOCKETS);
    const query = admitted && queries.keep(admitted);
    if (query === undefined) return refuse({ code: "COST_LIMIT", message: TOO_MANY_DOCUMENTS });
    const subscription: Subscription = { id, target: { ...target, after: null }, query, cursor: pull.cursor };
    const attachment = attachmentOf(socket);
    const subscriptions = [...attachment.subscriptions, ...(pull.isOver ? [] : [subscription])];
    if (!attach(socket, { ...attachment, subscriptions })) return refuse({ code: "COST_LIMIT", message: NO_ROOM });
    if (subscriptions.length > 0) waitingRoom.leave(socket);
    if (query === null) sendItem(socket, { type: "opened" });
    delivery.open(socket, listener, { subscription, pull });
    await source.schedule();
    return !pull.isOver;
  }

  /** Whether one more may be told of everything: of this caller, from this address, in all. */
  #hasRoomFor(socket: WebSocket): boolean {
    const own = attachmentOf(socket);
    if (own.subscriptions.length > 0) return true;
    const others = listening(this.#deps.ctx).map(attachmentOf);
    const count = (isCounted: (other: Attachment) => boolean) => others.filter(isCounted).length;
    return (
      others.length < MAX_SOCKETS &&
      count(({ listener }) => listener?.caller === own.listener?.caller) < MAX_SOCKETS_BY_CALLER &&
      count(({ address }) => address === own.address) < MAX_SOCKETS_BY_ADDRESS
    );
  }

  cancel(socket: WebSocket, id: string): void {
    const attachment = attachmentOf(socket);
    if (!attachment.listener) {
      close(socket, CLOSINGS.unauthorized);
      return;
    }
    this.#deps.marks.cancel(socket, id);
    const subscriptions = attachment.subscriptions.filter((other) => other.id !== id);
    attach(socket, { ...attachment, subscriptions });
    if (subscriptions.length === 0 && attachment.subscriptions.length > 0) {
      this.#deps.waitingRoom.enter(socket, attachment.address, "subscription");
    }
  }
}

type Opening = {
  readonly id: string;
  readonly target: LiveTarget;
  /** `null` for a Worker that executes itself. */
  readonly admitted: AdmittedQuery | null;
  readonly mark: Mark;
};

const NOT_FOUND: Refusal = { code: "NOT_FOUND", message: "There is no such thing, or none that the token may see." };
const TOO_MANY_SOCKETS: Refusal = {
  code: "TOO_MANY_SOCKETS",
  message: "Too many listen to this already, or too many of yours, or from your address; try again later.",
};
const ELSEWHERE = "Another object has that: open a socket for what you subscribe to, /live?device=… or /live?dealer=….";
const NO_ROOM = "This socket's token and its subscriptions' variables take too much room; open another.";
const TOO_MANY_DOCUMENTS = "Too many different documents listen to this; use one that others use.";
