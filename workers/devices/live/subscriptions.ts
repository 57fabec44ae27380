import type { LiveTarget } from "#objects/item.ts";
import type { LiveRequest } from "#objects/wire.ts";
import { describeFault, log } from "#telemetry/log.ts";
import { type Attachment, readAttachment, type Subscription, saveAttachment, subscribedSockets } from "./attachment.ts";
import type { CancelFlag } from "./cancel-flags.ts";
import type { DeliveriesDeps } from "./deliveries.ts";
import type { FanOut } from "./fan-out.ts";
import type { PendingSockets } from "./pending-sockets.ts";
import { CLOSINGS, type ClientMessage } from "./protocol.ts";
import { type AdmittedQuery, formatError } from "./queries.ts";
import { close, NOT_FOUND, type SubscribeError, send, sendError, sendItem, TOO_MANY_SOCKETS } from "./send.ts";
import type { LiveSource } from "./source.ts";

/**
 * Subscribed sockets of an object, in all, by caller and by address: every change is delivered to each of them. The
 * smaller limits keep one caller from using up the whole, and leave room for an office of two hundred screens behind one
 * address. Our choice.
 */
const MAX_SOCKETS = 1_000;
export const MAX_SOCKETS_BY_CALLER = 250;
const MAX_SOCKETS_BY_ADDRESS = 250;

/** Subscriptions of a socket. Our limit; their variables may use up the socket's attachment before it is reached. */
const MAX_SUBSCRIPTIONS = 100;

type SubscriptionsDeps = DeliveriesDeps & {
  readonly ctx: DurableObjectState;
  readonly source: LiveSource;
  readonly pendingSockets: PendingSockets;
  readonly fanOut: FanOut;
};

/** Starts and ends subscriptions. Each is stored with its socket, as a cursor into the changes of its source. */
export class Subscriptions {
  readonly #deps: SubscriptionsDeps;

  constructor(deps: SubscriptionsDeps) {
    this.#deps = deps;
  }

  /** Starts the one subscription of a Worker that subscribes for its own client. */
  subscribeWorker(socket: WebSocket, { address, target, ...listener }: LiveRequest): void {
    const cancelFlag: CancelFlag = { cancelled: false };
    if (saveAttachment(socket, { speaks: "items", address, listener, subscriptions: [] })) {
      this.#deps.outbox.enqueue(
        socket,
        async () => void (await this.#start(socket, { id: "items", target, admitted: null, cancelFlag })),
      );
    } else {
      saveAttachment(socket, { speaks: "items", address, listener: null, subscriptions: [] });
      sendItem(socket, { type: "error", code: "COST_LIMIT", message: NO_ROOM });
    }
  }

  async subscribe(socket: WebSocket, { id, payload }: Extract<ClientMessage, { type: "subscribe" }>): Promise<void> {
    const { cancelFlags, queries } = this.#deps;
    const { listener, subscriptions } = readAttachment(socket);
    if (!listener) return close(socket, CLOSINGS.unauthorized);
    if (listener.expiresAtMs <= Date.now()) return close(socket, CLOSINGS.expired);
    const ids = new Set([...cancelFlags.idsOf(socket), ...subscriptions.map((one) => one.id)]);
    if (ids.has(id)) return close(socket, CLOSINGS.duplicateId);
    if (ids.size >= MAX_SUBSCRIPTIONS) {
      const message = `A socket carries at most ${MAX_SUBSCRIPTIONS} subscriptions; open another.`;
      return sendError(socket, id, { code: "COST_LIMIT", message });
    }
    const cancelFlag = cancelFlags.get(socket, id);
    let hasStarted = false;
    try {
      const admitted = await queries.admit(payload, listener.scope);
      if (cancelFlag.cancelled) return;
      if (!admitted.ok) return send(socket, { type: "error", id, payload: admitted.errors.map(formatError) });
      hasStarted = await this.#start(socket, { id, target: admitted.target, admitted: admitted.query, cancelFlag });
    } finally {
      if (!hasStarted) cancelFlags.drop(socket, id, cancelFlag);
    }
  }

  /** @returns whether the subscription is active now */
  async #start(socket: WebSocket, { id, target, admitted, cancelFlag }: Opening): Promise<boolean> {
    const { source, queries, fanOut, pendingSockets } = this.#deps;
    const refuse = (error: SubscribeError): false => {
      if (!cancelFlag.cancelled) sendError(socket, id, error);
      return false;
    };
    const { listener } = readAttachment(socket);
    if (!listener) return false;
    const watched = source.watchTarget(target);
    if (!watched) return refuse({ code: "BAD_USER_INPUT", message: ELSEWHERE });
    if (!source.mayWatch(listener.scope)) return refuse(NOT_FOUND);
    try {
      if (!(await source.watch(watched, listener.scope))) return refuse(NOT_FOUND);
    } catch (thrown) {
      log("warn", "live.not_watched", describeFault(thrown));
      close(socket, CLOSINGS.tryAgain);
      return false;
    }
    if (listener.token && (await this.#deps.revoked()).has(listener.token)) {
      close(socket, CLOSINGS.revoked);
      return false;
    }
    if (cancelFlag.cancelled || socket.readyState !== WebSocket.OPEN) return false;
    const pull = source.pull(target, { cursor: target.after, isOngoing: false }, listener.scope);
    if (pull.kind === "notFound" || (pull.isOver && pull.items.length === 0)) return refuse(NOT_FOUND);
    if (!this.#hasRoomFor(socket)) return refuse(TOO_MANY_SOCKETS);
    const query = admitted && queries.store(admitted);
    if (query === undefined) return refuse({ code: "COST_LIMIT", message: TOO_MANY_DOCUMENTS });
    const subscription: Subscription = { id, target: { ...target, after: null }, query, cursor: pull.cursor };
    const attachment = readAttachment(socket);
    const subscriptions = [...attachment.subscriptions, ...(pull.isOver ? [] : [subscription])];
    if (!saveAttachment(socket, { ...attachment, subscriptions }))
      return refuse({ code: "COST_LIMIT", message: NO_ROOM });
    if (subscriptions.length > 0) pendingSockets.leave(socket);
    if (query === null) sendItem(socket, { type: "opened" });
    fanOut.deliverFirst(socket, listener, { subscription, pull });
    await source.schedule();
    return !pull.isOver;
  }

  /** Whether the limits leave room for one more subscribed socket. */
  #hasRoomFor(socket: WebSocket): boolean {
    const own = readAttachment(socket);
    if (own.subscriptions.length > 0) return true;
    const others = subscribedSockets(this.#deps.ctx).map(readAttachment);
    const count = (isCounted: (other: Attachment) => boolean) => others.filter(isCounted).length;
    return (
      others.length < MAX_SOCKETS &&
      count(({ listener }) => listener?.caller === own.listener?.caller) < MAX_SOCKETS_BY_CALLER &&
      count(({ address }) => address === own.address) < MAX_SOCKETS_BY_ADDRESS
    );
  }

  cancel(socket: WebSocket, id: string): void {
    const attachment = readAttachment(socket);
    if (!attachment.listener) {
      close(socket, CLOSINGS.unauthorized);
      return;
    }
    this.#deps.cancelFlags.cancel(socket, id);
    const subscriptions = attachment.subscriptions.filter((other) => other.id !== id);
    saveAttachment(socket, { ...attachment, subscriptions });
    if (subscriptions.length === 0 && attachment.subscriptions.length > 0) {
      this.#deps.pendingSockets.enter(socket, attachment.address, "subscription");
    }
  }
}

type Opening = {
  readonly id: string;
  readonly target: LiveTarget;
  /** `null` for a Worker, which executes queries itself. */
  readonly admitted: AdmittedQuery | null;
  readonly cancelFlag: CancelFlag;
};

const ELSEWHERE =
  "This socket is for one other device or dealer. Open /live without `device` and `dealer`: it takes any subscription.";
const NO_ROOM = "The token and the variables of all subscriptions are too large for one socket; open another.";
const TOO_MANY_DOCUMENTS = "Too many different documents are subscribed to this; use one that is already in use.";
