/** How long a socket may stay before it says who it is. graphql-ws's own default is 3 s. */
const TIMEOUT_MS = 10_000;

/** Sockets an object that have not said who they are: with one more, the oldest goes. Ours. */
export const MAX_WAITING = 50;

/** Sockets that have not said who they are, oldest first. */
export class WaitingRoom {
  readonly #giveUp: (socket: WebSocket) => void;
  /** And how to stop waiting for each. */
  readonly #waiting = new Map<WebSocket, () => void>();

  constructor(giveUp: (socket: WebSocket) => void) {
    this.#giveUp = giveUp;
  }

  enter(socket: WebSocket): void {
    const [oldest] = this.#waiting.keys();
    if (oldest && this.#waiting.size >= MAX_WAITING) this.#sendAway(oldest);
    // A timer keeps the object awake, so it goes as soon as the socket has said who it is, or left.
    const timer = setTimeout(() => this.#sendAway(socket), TIMEOUT_MS);
    this.#waiting.set(socket, () => clearTimeout(timer));
  }

  /** It has said who it is, or is gone. */
  leave(socket: WebSocket): void {
    this.#waiting.get(socket)?.();
    this.#waiting.delete(socket);
  }

  #sendAway(socket: WebSocket): void {
    this.leave(socket);
    this.#giveUp(socket);
  }
}
