import { readSettings } from "#auth/reader-settings.ts";
import { kidsOf } from "#auth/token-settings.ts";
import { clientAddress, isWithinLimit } from "#base/rate-limit.ts";
import { isDeviceKey } from "#domain/event.ts";
import { OBJECT_PATHS, objectUrl } from "#objects/wire.ts";
import { log } from "#telemetry/log.ts";
import { hasBindings, hasMigrations, isConfigured, readinessResponse } from "#telemetry/readiness.ts";
import type { Env } from "./env.ts";
import { GRAPHQL_TRANSPORT_WS } from "./live/protocol.ts";

export { DealerFeed } from "./dealer-feed.ts";
export { DeviceObject } from "./device-object.ts";
export { LiveHub } from "./hub/live-hub.ts";

const WHERE =
  "Open /live?device={source}:{deviceId} for `deviceChanged`, or /live?dealer={dealerId} for `dealerFeed` and `alertRaised`.";

/** Routes each WebSocket to the object of the device or dealer that it subscribes to, and the object terminates it. */
export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/live/healthz") return Response.json({ status: "ok", worker: "devices" });
    if (pathname === "/live/readyz") return readiness(env);
    if (pathname !== "/live") return problem(404, "NOT_FOUND", `Nothing is served here. ${WHERE}`);
    const read = readSettings(env);
    if (!read.ok) {
      log("error", "misconfigured", { problems: read.problems.join("; ") });
      return problem(
        503,
        "MISCONFIGURED",
        `The devices Worker serves nothing until this is fixed: ${read.problems.join("; ")}. Connect again then.`,
      );
    }
    if (request.headers.get("Upgrade")?.toLowerCase() !== "websocket") {
      const message = `This path accepts WebSockets; server-sent events are at /graphql. ${WHERE}`;
      return problem(426, "UPGRADE_REQUIRED", message, { Upgrade: "websocket" });
    }
    if (!protocolsOf(request).includes(GRAPHQL_TRANSPORT_WS)) {
      return problem(400, "BAD_REQUEST", `Ask for the subprotocol ${GRAPHQL_TRANSPORT_WS}.`);
    }
    const object = objectOf(searchParams, env);
    if (!object) return problem(400, "BAD_REQUEST", WHERE);
    // The limit is by address, because the client has not authenticated yet.
    if (!(await isWithinLimit(env.RATE_LIMIT, clientAddress(request.headers)))) {
      const message = "Too many sockets opened from this address; try again in a minute.";
      return problem(429, "TOO_MANY_REQUESTS", message, { "Retry-After": "60" });
    }
    return object.fetch(objectUrl(`${OBJECT_PATHS.graphql}?${searchParams}`), { headers: request.headers });
  },
} satisfies ExportedHandler<Env>;

function readiness(env: Env): Promise<Response> {
  const read = readSettings(env);
  const checks = {
    settings: isConfigured(read.ok ? [] : read.problems),
    bindings: hasBindings(env, ["DEVICES", "DEALER_FEEDS", "HUBS", "EVENTS", "METRICS", "OPERATIONS", "RATE_LIMIT"]),
    migrations: hasMigrations(env.DB),
  };
  return readinessResponse("devices", env, checks, { tokenKeys: read.ok ? kidsOf(read.config.trust) : [] });
}

function objectOf(search: URLSearchParams, env: Env): { fetch: Fetcher["fetch"] } | undefined {
  const device = search.get("device");
  const dealer = search.get("dealer");
  if (device !== null && dealer === null && isDeviceKey(device)) return env.DEVICES.getByName(device);
  if (dealer && dealer.length <= MAX_ID_LENGTH && device === null) return env.DEALER_FEEDS.getByName(dealer);
  return undefined;
}

/** Longest dealer id: twice what contracts allow. */
const MAX_ID_LENGTH = 128;

const protocolsOf = ({ headers }: Request): string[] =>
  (headers.get("Sec-WebSocket-Protocol") ?? "").split(",").map((name) => name.trim());

const problem = (status: number, code: string, message: string, headers: Record<string, string> = {}): Response =>
  Response.json({ error: { code, message } }, { status, headers: { "Cache-Control": "no-store", ...headers } });
