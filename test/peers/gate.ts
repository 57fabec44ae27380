import { once } from "node:events";
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What happens to a request at the gate: it goes on to Concord, is answered 503, or finds the line cut. */
export type GateState = "open" | "pressure" | "cut";

/** A door of its own between a peer and Concord, so that an outage is a switch and every attempt is counted. */
export async function openGate(target: URL) {
  const seen: { state: GateState; status: number | null }[] = [];
  let state: GateState = "open";
  const server = createServer((incoming, outgoing) => {
    const entry = { state, status: null as number | null };
    seen.push(entry);
    switch (state) {
      case "open":
        return pass(target, incoming, outgoing, (status) => {
          entry.status = status;
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

function pass(target: URL, incoming: IncomingMessage, outgoing: ServerResponse, told: (status: number) => void): void {
  const onward = forward(
    new URL(incoming.url ?? "/", target),
    { method: incoming.method, headers: { ...incoming.headers, host: target.host } },
    (answer) => {
      told(answer.statusCode ?? 0);
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    },
  );
  onward.on("error", () => outgoing.destroy());
  incoming.pipe(onward);
}
