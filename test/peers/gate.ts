import { once } from "node:events";
import {
  createServer,
  request as forward,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";

/**
 * What happens to a request at the gate: it goes on to Concord; is answered 503; finds the line cut; or goes on, and the
 * line is cut before its answer comes back.
 */
export type GateState = "open" | "pressure" | "cut" | "answer lost";

/**
 * Sees a request that goes on to Concord, whole; what it returns hears the answer, even if that does not go back.
 */
export type Observer = (path: string, headers: IncomingHttpHeaders, body: Buffer) => (answer: Answer) => void;

export type Answer = { readonly status: number; readonly body: Buffer };

/** A door of its own between a peer and Concord, so that an outage is a switch and every attempt is counted. */
export async function openGate(target: URL, observe?: Observer) {
  const seen: { state: GateState; status: number | null }[] = [];
  let state: GateState = "open";
  const server = createServer((incoming, outgoing) => {
    const entry = { state, status: null as number | null };
    seen.push(entry);
    let answered: ReturnType<Observer> | undefined;
    switch (state) {
      case "open":
      case "answer lost":
        if (observe) tap(incoming, observe, (told) => (answered = told));
        return pass(target, incoming, outgoing, (answer) => {
          entry.status = answer.statusCode ?? 0;
          void whole(answer).then((body) => answered?.({ status: answer.statusCode ?? 0, body }));
          return entry.state === "open";
        });
      case "pressure":
        incoming.resume();
        return outgoing.writeHead(503, { "Retry-After": "1", "Content-Type": "application/json" }).end(PRESSURE);
      case "cut":
        return incoming.socket.destroy();
      default:
        return state satisfies never;
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    seen,
    attemptsWhile: (wanted: GateState) => seen.filter((entry) => entry.state === wanted).length,
    set(next: GateState) {
      state = next;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

export type Gate = Awaited<ReturnType<typeof openGate>>;

const PRESSURE = JSON.stringify({ error_code: 503, message: "The gate is shut for the test." });

/** Reads a request's body beside whoever else does. */
function tap(incoming: IncomingMessage, observe: Observer, tell: (told: ReturnType<Observer>) => void): void {
  void whole(incoming).then((body) => tell(observe(incoming.url ?? "/", incoming.headers, body)));
}

async function whole(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  message.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(message, "end").catch(() => undefined);
  return Buffer.concat(chunks);
}

/** @param told hears the answer, and says whether it goes back */
function pass(
  target: URL,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  told: (answer: IncomingMessage) => boolean,
): void {
  const onward = forward(
    new URL(incoming.url ?? "/", target),
    { method: incoming.method, headers: { ...incoming.headers, host: target.host } },
    (answer): unknown => {
      if (!told(answer)) {
        answer.resume();
        return outgoing.destroy();
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      // Who asked may be gone by now, and whoever watches reads on.
      outgoing.once("close", () => answer.unpipe(outgoing).resume());
      if (outgoing.destroyed) return answer.resume();
      return answer.pipe(outgoing);
    },
  );
  onward.on("error", () => outgoing.destroy());
  incoming.pipe(onward);
}
