import type { OperationCall, Operations } from "#objects/operations.ts";
import { describeFault, log } from "#telemetry/log.ts";
import type { CancelFlag } from "../live/cancel-flags.ts";
import { send, sendError } from "../live/send.ts";

/** Queries and mutations that a socket may have under way. Our limit. */
const MAX_IN_FLIGHT = 32;

/** Queries and mutations of sockets. The API executes them, side by side, and each is answered by its id. */
export class HubOperations {
  readonly #operations: () => Operations;
  readonly #inFlight = new WeakMap<WebSocket, number>();

  constructor(operations: () => Operations) {
    this.#operations = operations;
  }

  /** @param cancelFlag the client may cancel it; a mutation may have been executed then all the same */
  async run(
    socket: WebSocket,
    { id, call, cancelFlag }: { id: string; call: OperationCall; cancelFlag: CancelFlag },
  ): Promise<void> {
    const running = this.#inFlight.get(socket) ?? 0;
    if (running >= MAX_IN_FLIGHT) {
      return sendError(socket, id, { code: "COST_LIMIT", message: TOO_MANY });
    }
    this.#inFlight.set(socket, running + 1);
    try {
      const result = await this.#operations().execute(call);
      if (cancelFlag.cancelled || socket.readyState !== WebSocket.OPEN) return;
      socket.send(`{"type":"next","id":${JSON.stringify(id)},"payload":${result}}`);
      send(socket, { type: "complete", id });
    } catch (thrown) {
      log("error", "live.operation_failed", describeFault(thrown));
      if (!cancelFlag.cancelled) sendError(socket, id, { code: "UPSTREAM_UNAVAILABLE", message: UNAVAILABLE });
    } finally {
      this.#inFlight.set(socket, (this.#inFlight.get(socket) ?? 1) - 1);
    }
  }
}

const TOO_MANY = `A socket has at most ${MAX_IN_FLIGHT} queries and mutations under way. This one was not executed: send it again when another has been answered.`;
const UNAVAILABLE =
  "The API could not be reached. Send a query again; before you repeat a mutation, query its result, for it may have been done.";
