import { faultOf, log } from "../../../src/shared/telemetry/log.ts";
import { CLOSINGS } from "./protocol.ts";
import { close } from "./say.ts";

/** What each socket still has to be sent, in order, though some of it takes longer to answer than the next. */
export class Outbox {
  readonly #ctx: Pick<DurableObjectState, "waitUntil">;
  readonly #tails = new WeakMap<WebSocket, Promise<void>>();

  constructor(ctx: Pick<DurableObjectState, "waitUntil">) {
    this.#ctx = ctx;
  }

  enqueue(socket: WebSocket, work: () => Promise<void>): void {
    const tail = (this.#tails.get(socket) ?? Promise.resolve())
      .then(work)
      .catch((thrown: unknown) => lose(socket, thrown));
    this.#tails.set(socket, tail);
    this.#ctx.waitUntil(tail);
  }
}

/** What comes next would stand behind a hole: the client comes back and goes on from what it has seen. */
export function lose(socket: WebSocket, thrown: unknown): void {
  log("error", "live.not_told", faultOf(thrown));
  close(socket, CLOSINGS.tryAgain);
}
