import { passes } from "#objects/feed-filter.ts";
import type { DeviceItem, LiveItem, LiveTarget, Pull } from "#objects/item.ts";
import type { Deliveries, Round } from "../live/deliveries.ts";
import { closeAfterFault } from "../live/outbox.ts";
import { CLOSINGS } from "../live/protocol.ts";
import { close } from "../live/send.ts";
import type { Following } from "./following.ts";
import { OVER, type Places, STARTING } from "./places.ts";
import type { Follow, HubStore } from "./repositories/hub-store.ts";
import { cursorAt, cursorsOf } from "./target.ts";

type ProgressDeps = {
  readonly store: Pick<HubStore, "remove" | "removeFollow">;
  readonly places: Places;
  readonly following: Pick<Following, "release">;
  readonly deliveries: Deliveries;
};

/** Moves subscriptions forward: delivers what an object has after their cursors, and stores the cursors after it. */
export class Progress {
  readonly #deps: ProgressDeps;

  constructor(deps: ProgressDeps) {
    this.#deps = deps;
  }

  /** @param pull what comes after the subscription's cursor in the object. Never throws: one socket is not another's. */
  advance(follow: Follow, pull: Pull, round: Round): void {
    const socket = this.#deps.places.socketOf(follow.socket);
    if (!socket) return;
    try {
      this.#advance(socket, follow, pull, round);
    } catch (thrown) {
      closeAfterFault(socket, thrown);
    }
  }

  #advance(socket: WebSocket, follow: Follow, pull: Pull, round: Round): void {
    const { store, places, following, deliveries } = this.#deps;
    const { listener } = places.read(socket);
    const known = places.of(follow);
    if (!listener || !known) return;
    if (listener.expiresAtMs <= round.nowMs) {
      close(socket, CLOSINGS.expired);
      return;
    }
    const { number, id, query, target, place, followed, scopeKey } = follow;
    const now = [...known];
    const found = pull.kind === "items" ? pull : whatIsLost(follow);
    const items = found.items
      .filter((item) => isWanted(item, target))
      .map((item): LiveItem => {
        now[place] = item.cursor;
        return { ...item, cursor: cursorAt(target, cursorsAt(target, now)) };
      });
    now[place] = found.isOver ? OVER : found.cursor;
    const isOver = now.every((one) => one === OVER);
    // Saved before the items are sent: an item that was sent and not saved would be delivered again.
    if (isOver) places.remove(follow);
    else places.move(socket, number, now);
    if (isOver) following.release(store.remove(follow));
    else if (found.isOver) {
      store.removeFollow(follow);
      following.release([{ followed, scopeKey }]);
    }
    deliveries.checkRevoked(socket, listener, round);
    deliveries.enqueue(socket, listener, { id, query, items, isOver }, round);
  }
}

/** A device that does not exist, or that the token may not see, is over for this subscription, and the others go on. */
function whatIsLost({ followed }: Follow): Extract<Pull, { kind: "items" }> {
  if (followed.kind === "dealer") return { kind: "items", items: [], cursor: "", isOver: true };
  const lost: DeviceItem = {
    deviceKey: followed.deviceKey,
    kind: "lost",
    revision: 0,
    cursor: "",
    consistencyToken: null,
    event: null,
    device: null,
  };
  return { kind: "items", items: [lost], cursor: "", isOver: true };
}

const isWanted = (item: LiveItem, target: LiveTarget): boolean =>
  !("announcement" in item) ||
  item.announcement === null ||
  target.kind === "device" ||
  target.kind === "devices" ||
  passes(item.announcement, target);

/**
 * Where a subscription is in each object: an object that has not answered yet is still where the client resumed it, and
 * one that is over has no cursor.
 */
function cursorsAt(target: LiveTarget, now: readonly string[]): (string | null)[] {
  const first = cursorsOf(target) ?? [];
  return now.map((place, i) => (place === STARTING ? (first[i] ?? null) : place === OVER ? null : place));
}
