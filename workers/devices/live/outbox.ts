import { describeFault, log } from "#telemetry/log.ts";
import { CLOSINGS } from "./protocol.ts";
import { close } from "./send.ts";

/** The messages that each socket still has to be sent. They go out in order, although some take longer to execute than the next. */
export class Outbox {
  readonly #ctx: Pick<DurableObjectState, "waitUntil">;
  readonly #tails = new WeakMap<WebSocket, Promise<void>>();

  constructor(ctx: Pick<DurableObjectState, "waitUntil">) {
    this.#ctx = ctx;
  }

  enqueue(socket: WebSocket, work: () => Promise<void>): void {
    const tail = (this.#tails.get(socket) ?? Promise.resolve())
      .then(work)
      .catch((thrown: unknown) => closeAfterFault(socket, thrown));
    this.#tails.set(socket, tail);
    this.#ctx.waitUntil(tail);
  }
}

/** Closes a socket after a message was lost. Later messages would leave a gap; the client reconnects and resumes from its cursor. */
export function closeAfterFault(socket: WebSocket, thrown: unknown): void {
  log("error", "live.not_told", describeFault(thrown));
  close(socket, CLOSINGS.tryAgain);
}
