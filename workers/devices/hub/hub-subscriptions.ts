import { isDeviceKey } from "#domain/event.ts";
import { scopeKeyOf } from "#objects/hub.ts";
import type { LiveTarget, Pull } from "#objects/item.ts";
import { BAD_POSITION } from "#objects/position.ts";
import { describeFault, log } from "#telemetry/log.ts";
import { isDealerId } from "../dealer-id.ts";
import type { Listener } from "../live/attachment.ts";
import type { CancelFlag, CancelFlags } from "../live/cancel-flags.ts";
import type { Deliveries } from "../live/deliveries.ts";
import { CLOSINGS } from "../live/protocol.ts";
import type { AdmittedQuery, Queries } from "../live/queries.ts";
import { close, NOT_FOUND, type SubscribeError, sendError, sendItem } from "../live/send.ts";
import type { Following } from "./following.ts";
import type { Places } from "./places.ts";
import type { Progress } from "./progress.ts";
import type { Follow, HubStore, HubSubscription } from "./repositories/hub-store.ts";
import { cursorsOf, isMany, objectsOf } from "./target.ts";

/** Objects that the subscriptions of a socket follow. Our limit; their cursors have to fit the socket's attachment. */
export const MAX_OBJECTS = 500;

/**
 * Characters of a subscription's variables and of its target, which are stored and read with each offer: so many, and more
 * for each of its objects. Our limit: a key or an id is in both, and with it a cursor.
 */
const MAX_VARIABLES = { subscription: 1_024, object: 512 };

type HubSubscriptionsDeps = {
  readonly store: HubStore;
  readonly places: Places;
  readonly following: Following;
  readonly progress: Progress;
  readonly deliveries: Deliveries;
  readonly queries: Queries;
  readonly cancelFlags: CancelFlags;
};

/** What a client asked for, within the limits of its document. */
export type Asked = {
  readonly id: string;
  readonly target: LiveTarget;
  /** `null` for a Worker, which executes queries itself. */
  readonly admitted: AdmittedQuery | null;
  readonly cancelFlag: CancelFlag;
};

/** Starts and ends subscriptions. A subscription follows one object or several; each of them answers on its own. */
export class HubSubscriptions {
  readonly #deps: HubSubscriptionsDeps;
  /** The follows whose objects have not answered yet. */
  readonly #starting = new Set<string>();

  constructor(deps: HubSubscriptionsDeps) {
    this.#deps = deps;
  }

  /** @returns whether the subscription is active now; otherwise the client got an error that says why not */
  start(socket: WebSocket, listener: Listener, { id, target, admitted, cancelFlag }: Asked): boolean {
    const { store, places, queries } = this.#deps;
    const refuse = (error: SubscribeError): false => {
      if (!cancelFlag.cancelled) sendError(socket, id, error);
      return false;
    };
    const cursors = cursorsOf(target);
    if (!cursors) return refuse({ code: "BAD_USER_INPUT", message: BAD_POSITION });
    if (!isVisible(target, listener)) return refuse(NOT_FOUND);
    if (cancelFlag.cancelled || socket.readyState !== WebSocket.OPEN) return false;
    if (isLarge(target, admitted)) return refuse({ code: "COST_LIMIT", message: LARGE_VARIABLES });
    if (places.count(socket) + cursors.length > MAX_OBJECTS) return refuse({ code: "COST_LIMIT", message: NO_ROOM });
    const query = admitted && queries.store(admitted);
    if (query === undefined) return refuse({ code: "COST_LIMIT", message: TOO_MANY_DOCUMENTS });
    const number = places.add(socket, cursors.length);
    if (number === undefined) return refuse({ code: "COST_LIMIT", message: NO_ROOM });
    const scopeKey = scopeKeyOf(listener.scope);
    const subscription = { socket: places.nameOf(socket), number, id, target, query, scopeKey };
    store.add(subscription);
    if (isMany(target) && query === null) sendItem(socket, { type: "opened" });
    objectsOf(target).forEach((followed, place) => {
      this.#begin({ ...subscription, followed, place });
    });
    return true;
  }

  /** Begins again to follow an object, unless that is under way: the hub was reset before the object had answered. */
  async restart(follow: Follow): Promise<void> {
    if (!this.#starting.has(nameOf(follow))) await this.#follow(follow);
  }

  #begin(follow: Follow): void {
    this.#starting.add(nameOf(follow));
    this.#deps.following.inTurn(follow.followed, async () => {
      this.#starting.delete(nameOf(follow));
      await this.#follow(follow);
    });
  }

  /** In the object's turn. */
  async #follow(follow: Follow): Promise<void> {
    const { places, progress, deliveries } = this.#deps;
    const { target } = follow;
    const isActive = () => places.of(follow) !== undefined;
    if (!isActive()) return;
    try {
      const pull = await this.#pull(follow);
      const socket = places.socketOf(follow.socket);
      if (!isActive() || !socket) return;
      if (pull.kind === "notFound" && !isMany(target)) return this.#refuse(socket, follow);
      if (follow.query === null && !isMany(target)) sendItem(socket, { type: "opened" });
      progress.advance(follow, pull, deliveries.newRound());
    } catch (thrown) {
      log("warn", "live.not_watched", describeFault(thrown));
      const socket = places.socketOf(follow.socket);
      if (socket) close(socket, CLOSINGS.tryAgain);
    }
  }

  #pull({ followed, place, target, scopeKey }: Follow): Promise<Pull> | Pull {
    if (followed.kind === "device" && !isDeviceKey(followed.deviceKey)) return { kind: "notFound" };
    const cursor = cursorsOf(target)?.[place] ?? null;
    return this.#deps.following.follow({ followed, scopeKey, cursor });
  }

  #refuse(socket: WebSocket, follow: Follow): void {
    const { store, places, cancelFlags } = this.#deps;
    places.remove(follow);
    store.remove(follow);
    const { cancelled } = cancelFlags.get(socket, follow.id);
    cancelFlags.drop(socket, follow.id);
    if (!cancelled) sendError(socket, follow.id, NOT_FOUND);
  }

  /** Ends the subscription with a client's id, if there is one. */
  cancel(socket: WebSocket, id: string): void {
    const { cancelFlags } = this.#deps;
    cancelFlags.cancel(socket, id);
    const ended = this.of(socket).find((subscription) => subscription.id === id);
    if (ended) this.#end(ended);
  }

  of(socket: WebSocket): HubSubscription[] {
    const { store, places } = this.#deps;
    return store.subscriptionsOf(places.nameOf(socket));
  }

  /** An object that was not called yet is not called any more. */
  #end(subscription: HubSubscription): void {
    const { store, places, following } = this.#deps;
    const hasCalled = (place: number) => !this.#starting.has(nameOf({ ...subscription, place }));
    places.remove(subscription);
    following.release(store.remove(subscription).filter((_, place) => hasCalled(place)));
  }
}

const nameOf = ({ socket, number, place }: Pick<Follow, "socket" | "number" | "place">): string =>
  `${socket} ${number} ${place}`;

/** Whether the token may follow these dealers. What it may see of a device is the device's object to say. */
function isVisible(target: LiveTarget, { scope }: Listener): boolean {
  if (target.kind === "device" || target.kind === "devices") return true;
  const dealerIds = target.kind === "dealer" ? [target.dealerId] : target.dealerIds;
  return dealerIds.every(
    (dealerId) => isDealerId(dealerId) && (scope.role !== "dealer" || scope.dealerIds.includes(dealerId)),
  );
}

function isLarge(target: LiveTarget, admitted: AdmittedQuery | null): boolean {
  const { length } = JSON.stringify([target, admitted?.query.variables]);
  return length > MAX_VARIABLES.subscription + MAX_VARIABLES.object * objectsOf(target).length;
}

const LARGE_VARIABLES = `The variables are too large for a subscription: about ${MAX_VARIABLES.subscription} characters, and ${MAX_VARIABLES.object} for each device or dealer. This one was not started: shorten them.`;
const NO_ROOM = `A socket's subscriptions follow at most ${MAX_OBJECTS} devices and dealers, fewer if the token is very large. This one was not started: open another socket for it.`;
const TOO_MANY_DOCUMENTS =
  "Too many different documents are subscribed to here. This one was not started: use one that is already in use, or try again later.";
