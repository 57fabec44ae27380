import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { EXPOSITION_TYPE } from "#telemetry/prometheus.ts";
import { StopError } from "../source.ts";
import type { BridgeMetrics } from "./metrics.ts";
import type { BridgeState } from "./state.ts";
import { phaseText } from "./status.ts";

/** Without partitions for so long, the bridge is not healthy: a rebalance takes less. */
const LONG_MS = 60_000;

export type Health = { readonly status: 200 | 503; readonly body: Readonly<Record<string, unknown>> };

/**
 * Healthy is a bridge that delivers, or that waits for what it cannot mend by a restart: Concord, the schema registry.
 * Not healthy is one that has no partitions for long, or that has ended.
 */
export function healthOf({ phase, positions }: BridgeState, nowMs: number): Health {
  const isUp =
    phase.kind === "delivering" ||
    phase.kind === "waiting" ||
    (phase.kind === "joining" && nowMs - phase.sinceMs < LONG_MS);
  const body = {
    status: isUp ? "up" : "down",
    state: phase.kind,
    since: new Date(phase.sinceMs).toISOString(),
    why: phaseText(phase),
    partitions: positions.standings().length,
    lag: positions.lag,
  };
  return { status: isUp ? 200 : 503, body };
}

export type HttpSettings = { readonly host: string; readonly port: number };

/** Serves /metrics and /healthz. @throws StopError if the address cannot be listened at */
export async function serveTelemetry(
  { host, port }: HttpSettings,
  state: BridgeState,
  metrics: BridgeMetrics,
  now: () => number,
): Promise<{ readonly port: number; readonly close: () => void }> {
  const server = createServer((request, response) => {
    const path = request.url?.split("?")[0];
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (path !== "/metrics" && path !== "/healthz") {
      response.writeHead(404, { "Content-Type": "text/plain" }).end("There are /metrics and /healthz.\n");
    } else if (!isRead) {
      response.writeHead(405, { Allow: "GET, HEAD" }).end();
    } else if (path === "/metrics") {
      response.writeHead(200, { "Content-Type": EXPOSITION_TYPE }).end(metrics.text());
    } else {
      const { status, body } = healthOf(state, now());
      response.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store" });
      response.end(`${JSON.stringify(body)}\n`);
    }
  });
  await listen(server, host, port);
  // It is no reason for the process to stay.
  server.unref();
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { port: (server.address() as AddressInfo).port, close };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        new StopError(
          `/metrics and /healthz cannot be served at ${host}:${port} (${error.code}). Nothing was read. Set --http-port to a free port, or to 0 to do without; --http-host to an address of this machine.`,
        ),
      ),
    );
    server.listen(port, host, resolve);
  });
}
