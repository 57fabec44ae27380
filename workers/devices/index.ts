import { readSettings } from "#auth/reader-settings.ts";
import { kidsOf } from "#auth/token-settings.ts";
import { clientAddress, isWithinLimit } from "#base/rate-limit.ts";
import { type DeviceKey, isDeviceKey } from "#domain/event.ts";
import { hubNameOf } from "#objects/hub-name.ts";
import { OBJECT_PATHS, objectUrl } from "#objects/wire.ts";
import { log } from "#telemetry/log.ts";
import { hasBindings, hasMigrations, isConfigured, readinessResponse } from "#telemetry/readiness.ts";
import { isDealerId } from "./dealer-id.ts";
import type { Env } from "./env.ts";
import { GRAPHQL_TRANSPORT_WS } from "./live/protocol.ts";
import { isUpgrade, misconfigured, protocolsOf, type Refusal, refusalsFor, refuse } from "./refusals.ts";

export { CallerBudget } from "./budgets/caller-budget.ts";
export { DealerFeed } from "./dealer-feed.ts";
export { DeviceObject } from "./device-object.ts";
export { LiveHub } from "./hub/live-hub.ts";
export { Tickets } from "./tickets/tickets.ts";

const WHERE =
  "Open /live for any subscriptions, /live?device={source}:{deviceId} or /live?dealer={dealerId} for those of one object.";

const REFUSALS = refusalsFor(WHERE);

/** Routes each WebSocket to the object that terminates it: a hub, or that of the one device or dealer that it names. */
export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/live/healthz") return Response.json({ status: "ok", worker: "devices" });
    if (pathname === "/live/readyz") return readiness(env);
    const refusal = await refusalOf(request, env);
    return refusal ? refuse(request, refusal) : connect(request, env);
  },
} satisfies ExportedHandler<Env>;

async function refusalOf(request: Request, env: Env): Promise<Refusal | undefined> {
  const { pathname, searchParams } = new URL(request.url);
  if (pathname !== "/live" && pathname !== "/graphql") return REFUSALS.notServed;
  const read = readSettings(env);
  if (!read.ok) {
    log("error", "misconfigured", { problems: read.problems.join("; ") });
    return misconfigured(read.problems);
  }
  if (!isUpgrade(request)) return REFUSALS.noUpgrade;
  if (!protocolsOf(request).includes(GRAPHQL_TRANSPORT_WS)) return REFUSALS.badProtocol;
  if (!placeOf(searchParams)) return REFUSALS.noObject;
  // The limit is by address, because the client has not authenticated yet.
  if (!(await isWithinLimit(env.RATE_LIMIT, clientAddress(request.headers)))) return REFUSALS.tooMany;
  return undefined;
}

function connect(request: Request, env: Env): Promise<Response> {
  const { searchParams } = new URL(request.url);
  const object = objectOf(placeOf(searchParams) ?? { kind: "hub" }, request, env);
  return object.fetch(objectUrl(OBJECT_PATHS.graphql), { headers: request.headers });
}

function readiness(env: Env): Promise<Response> {
  const read = readSettings(env);
  const checks = {
    settings: isConfigured(read.ok ? [] : read.problems),
    bindings: hasBindings(env, ["DEVICES", "DEALER_FEEDS", "HUBS", "EVENTS", "METRICS", "OPERATIONS", "RATE_LIMIT"]),
    migrations: hasMigrations(env.DB),
  };
  return readinessResponse("devices", env, checks, { tokenKeys: read.ok ? kidsOf(read.config.trust) : [] });
}

type Place =
  | { readonly kind: "hub" }
  | { readonly kind: "device"; readonly deviceKey: DeviceKey }
  | { readonly kind: "dealer"; readonly dealerId: string };

/** @returns `undefined` for what names no object, or two */
function placeOf(search: URLSearchParams): Place | undefined {
  const device = search.get("device");
  const dealer = search.get("dealer");
  if (device === null && dealer === null) return { kind: "hub" };
  if (device !== null && dealer === null && isDeviceKey(device)) return { kind: "device", deviceKey: device };
  if (dealer !== null && isDealerId(dealer) && device === null) return { kind: "dealer", dealerId: dealer };
  return undefined;
}

function objectOf(place: Place, request: Request, env: Env): { fetch: Fetcher["fetch"] } {
  switch (place.kind) {
    case "hub":
      return env.HUBS.getByName(hubNameOf(request, clientAddress(request.headers)));
    case "device":
      return env.DEVICES.getByName(place.deviceKey);
    case "dealer":
      return env.DEALER_FEEDS.getByName(place.dealerId);
    default:
      return place satisfies never;
  }
}
