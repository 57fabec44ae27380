/** What a socket has yet to do: authenticate (`connection_init`), or subscribe to something that it may see. */
export type PendingStep = "init" | "subscription";

/** How long it may take. graphql-ws's default for the first is 3 s. */
const TIMEOUTS_MS: Readonly<Record<PendingStep, number>> = { init: 10_000, subscription: 30_000 };

/** Pending sockets of an object, in all and from one address. One more closes the oldest of them. Our limits. */
export const MAX_WAITING = 100;
export const MAX_WAITING_BY_ADDRESS = 50;

type PendingLimits = { readonly all: number; readonly ofAddress: number };
const OF_ONE_OBJECT: PendingLimits = { all: MAX_WAITING, ofAddress: MAX_WAITING_BY_ADDRESS };

type Waiting = { readonly address: string; readonly step: PendingStep; readonly stop: () => void };

/**
 * Sockets without a subscription yet, oldest first. One address cannot push out those of others: its own limit is half of
 * all.
 */
export class PendingSockets {
  readonly #giveUp: (socket: WebSocket, step: PendingStep) => void;
  readonly #limits: PendingLimits;
  readonly #waiting = new Map<WebSocket, Waiting>();

  constructor(giveUp: (socket: WebSocket, step: PendingStep) => void, limits = OF_ONE_OBJECT) {
    this.#giveUp = giveUp;
    this.#limits = limits;
  }

  enter(socket: WebSocket, address: string, step: PendingStep): void {
    this.leave(socket);
    const neighbours = [...this.#waiting].filter(([, other]) => other.address === address);
    if (neighbours.length >= this.#limits.ofAddress) this.#evict(neighbours[0]?.[0]);
    else if (this.#waiting.size >= this.#limits.all) this.#evict(this.#waiting.keys().next().value);
    // A timer keeps the object from hibernating, so it is cleared as soon as the socket subscribes or closes.
    const timer = setTimeout(() => this.#evict(socket), TIMEOUTS_MS[step]);
    this.#waiting.set(socket, { address, step, stop: () => clearTimeout(timer) });
  }

  /** Removes a socket that has subscribed or closed. */
  leave(socket: WebSocket): void {
    this.#waiting.get(socket)?.stop();
    this.#waiting.delete(socket);
  }

  #evict(socket: WebSocket | undefined): void {
    const waiting = socket && this.#waiting.get(socket);
    if (!waiting) return;
    this.leave(socket);
    this.#giveUp(socket, waiting.step);
  }
}
