/** What a socket is waited for: that it says who it is, or that it subscribes to something that it may see. */
export type Awaited = "init" | "subscription";

/** How long for each. graphql-ws's own default for the first is 3 s. */
const TIMEOUTS_MS: Readonly<Record<Awaited, number>> = { init: 10_000, subscription: 30_000 };

/** Sockets an object that are waited for, in all and from one address: with one more, the oldest of them goes. Ours. */
export const MAX_WAITING = 100;
export const MAX_WAITING_BY_ADDRESS = 50;

type Waiting = { readonly address: string; readonly awaited: Awaited; readonly stop: () => void };

/**
 * Sockets that count for nothing yet, oldest first. Nobody else's are sent away for what comes from one address, as long
 * as that is not half of all.
 */
export class PendingSockets {
  readonly #giveUp: (socket: WebSocket, awaited: Awaited) => void;
  readonly #waiting = new Map<WebSocket, Waiting>();

  constructor(giveUp: (socket: WebSocket, awaited: Awaited) => void) {
    this.#giveUp = giveUp;
  }

  enter(socket: WebSocket, address: string, awaited: Awaited): void {
    this.leave(socket);
    const neighbours = [...this.#waiting].filter(([, other]) => other.address === address);
    if (neighbours.length >= MAX_WAITING_BY_ADDRESS) this.#sendAway(neighbours[0]?.[0]);
    else if (this.#waiting.size >= MAX_WAITING) this.#sendAway(this.#waiting.keys().next().value);
    // A timer keeps the object awake, so it goes as soon as the socket counts, or left.
    const timer = setTimeout(() => this.#sendAway(socket), TIMEOUTS_MS[awaited]);
    this.#waiting.set(socket, { address, awaited, stop: () => clearTimeout(timer) });
  }

  /** It counts now, or is gone. */
  leave(socket: WebSocket): void {
    this.#waiting.get(socket)?.stop();
    this.#waiting.delete(socket);
  }

  #sendAway(socket: WebSocket | undefined): void {
    const waiting = socket && this.#waiting.get(socket);
    if (!waiting) return;
    this.leave(socket);
    this.#giveUp(socket, waiting.awaited);
  }
}
