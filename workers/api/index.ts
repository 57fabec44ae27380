import { shouldRenderGraphiQL } from "graphql-yoga";
import { type Context, Hono } from "hono";
import { cors } from "hono/cors";
import { IssuerUnreachable } from "#auth/issuer.ts";
import { type ReaderSettings, readSettings } from "#auth/reader-settings.ts";
import { authenticate } from "#auth/token.ts";
import { kidsOf } from "#auth/token-settings.ts";
import { clientAddress, isWithinLimit, LONG_WAIT_SECONDS, SHORT_WAIT_SECONDS } from "#base/rate-limit.ts";
import { errorBody, FAULT_MESSAGE, RETRY_AFTER_MS } from "#graphql/errors.ts";
import { rightsOf } from "#graphql/rights.ts";
import { CONSISTENCY_HEADER, type Consistency, NEAREST, parseConsistencyToken } from "#repositories/consistency.ts";
import { openServices } from "#services/index.ts";
import { logFault } from "#telemetry/fault.ts";
import { hasBindings, hasMigrations, readinessResponse } from "#telemetry/readiness.ts";
import { revocationCheck } from "#telemetry/revocations.ts";
import { logRefusal, noteKeyUse } from "#telemetry/token-log.ts";
import { parseTrace } from "#telemetry/trace.ts";
import { type RequestNotes, trackRequests } from "#telemetry/track-requests.ts";
import { type Env, storesFrom } from "./env.ts";
import { graphiqlPage } from "./graphiql.ts";
import { createLive } from "./live.ts";
import { persistedTexts } from "./persisted-texts.ts";
import { yoga } from "./yoga.ts";

const BAD_TOKEN = `\`${CONSISTENCY_HEADER}\` is not a consistency token. Nothing was read: send the value of an earlier answer, or leave it out.`;

const NOT_ACCEPTABLE = "Accept application/json or application/graphql-response+json.";

const app = new Hono<{ Bindings: Env; Variables: { settings: ReaderSettings; notes: RequestNotes } }>();

app.use(trackRequests("concord-api"));

app.use(async (c, next) => {
  const read = readSettings(c.env);
  c.header("Cache-Control", "no-store");
  if (!read.ok)
    return c.json(errorBody("MISCONFIGURED", `The Worker serves nothing: ${read.problems.join("; ")}.`), 503);
  c.set("settings", read.config);
  return next();
});

// The front door routes only paths below /graphql, hence the second path.
app.on("GET", ["/healthz", "/graphql/healthz"], (c) => c.json({ status: "ok", worker: "api" }));
app.on("GET", ["/readyz", "/graphql/readyz"], ({ env, var: { settings } }) => {
  const checks = {
    bindings: hasBindings(env, [
      "DEVICES",
      "DEALER_FEEDS",
      "HUBS",
      "INGEST_COMMANDS",
      "METRICS",
      "REQUESTS",
      "REQUESTS_BY_ADDRESS",
      "FAILED_SIGN_INS",
    ]),
    migrations: hasMigrations(env.DB),
  };
  return readinessResponse("api", env, checks, { tokenKeys: kidsOf(settings.trust) });
});

// Any origin may send requests: callers are authenticated by a token, never by a cookie.
app.use(
  "/graphql",
  cors({ origin: "*", allowMethods: ["GET", "POST"], exposeHeaders: [CONSISTENCY_HEADER], maxAge: 86_400 }),
);

app.on(["GET", "POST"], "/graphql", async (c) => {
  const settings = c.get("settings");
  if (settings.isLocal && shouldRenderGraphiQL(c.req.raw)) {
    // A page of a library, from its own host. The front door's policy would let nothing of it load.
    c.header("Content-Security-Policy", "frame-ancestors 'none'");
    return c.html(graphiqlPage(settings));
  }
  const caller = await authenticate(c.req.header("Authorization") ?? null, {
    ...settings.trust,
    isRevoked: revocationCheck(c.env.DB),
  });
  const address = clientAddress(c.req.raw.headers);
  if (!caller.ok) {
    if (!(await isWithinLimit(c.env.FAILED_SIGN_INS, address))) return tooMany(c, LONG_WAIT_SECONDS);
    logRefusal(caller);
    if (caller.status === 403) return c.json(errorBody("FORBIDDEN", caller.message), 403);
    return c.json(errorBody("UNAUTHENTICATED", caller.message), 401, { "WWW-Authenticate": "Bearer" });
  }
  noteKeyUse(caller.token);
  // Tokens of role service or ops are limited by address alone.
  const isOwn = caller.scope.role !== "dealer" || (await isWithinLimit(c.env.REQUESTS, caller.caller));
  if (!isOwn || !(await isWithinLimit(c.env.REQUESTS_BY_ADDRESS, address))) return tooMany(c, SHORT_WAIT_SECONDS);
  if (c.req.method === "POST" && !isJson(c.req.header("Content-Type"))) {
    return c.json(errorBody("UNSUPPORTED_MEDIA_TYPE", "POST a body of Content-Type application/json."), 415);
  }
  const consistency = readConsistency(c.req.raw.headers);
  if (!consistency) return c.json(errorBody("BAD_CONSISTENCY_TOKEN", BAD_TOKEN), 400);
  const { scope, expiresAtMs, caller: name, token: identity } = caller;
  const open = (at: Consistency) => openServices(storesFrom(c.env, settings), scope, at);
  const services = open(consistency);
  const lastEventId = c.req.header("Last-Event-ID") ?? null;
  const leaving = new AbortController();
  const signal = AbortSignal.any([c.req.raw.signal, leaving.signal]);
  const live = createLive(c.env, { scope, expiresAtMs, caller: name, token: identity, address, signal, lastEventId });
  const response = await yoga.fetch(c.req.raw, {
    services,
    open,
    live,
    expiresAtMs,
    rights: rightsOf(scope, settings),
    texts: persistedTexts((work) => c.executionCtx.waitUntil(work)),
    note: (report) => void c.var.notes.add(report),
    trace: parseTrace(c.req.header("traceparent")),
  });
  // An answer that is not a stream needs no live connection.
  if (!response.headers.get("Content-Type")?.startsWith("text/event-stream")) leaving.abort();
  if (response.status === 406) return c.json(errorBody("NOT_ACCEPTABLE", NOT_ACCEPTABLE), 406);
  const token = services.session.consistencyToken;
  if (token) response.headers.set(CONSISTENCY_HEADER, token);
  return response;
});

app.all("/graphql", (c) =>
  c.json(errorBody("METHOD_NOT_ALLOWED", "Send a GET or a POST."), 405, { Allow: "GET, POST" }),
);

app.notFound((c) => c.json(errorBody("NOT_FOUND", "There is nothing at this path. GraphQL is at /graphql."), 404));

app.onError((fault, c) => {
  const traceId = parseTrace(c.req.header("traceparent"))?.traceId;
  const id = logFault("request_fault", fault, { path: c.req.path, traceId });
  if (fault instanceof IssuerUnreachable) {
    const message =
      "The issuer of your token does not answer, so you could not be authenticated. Nothing was done; try again.";
    return c.json(errorBody("UPSTREAM_UNAVAILABLE", message, { retryAfterMs: RETRY_AFTER_MS }), 503);
  }
  return c.json(errorBody("INTERNAL_SERVER_ERROR", FAULT_MESSAGE, { id }), 500);
});

/** @param waitSeconds until the limit is counted anew */
const tooMany = (c: Context, waitSeconds: number): Response =>
  c.json(
    errorBody("TOO_MANY_REQUESTS", `Too many requests. Nothing was done: try again in ${waitSeconds} s.`, {
      retryAfterMs: waitSeconds * 1_000,
    }),
    429,
    { "Retry-After": String(waitSeconds) },
  );

/** No other type is accepted: any page could send a form's types without a preflight request. */
const isJson = (contentType = ""): boolean => /^application\/json(;|$)/.test(contentType);

/** How fresh the answer has to be, or `undefined` if the client's consistency token is malformed. */
function readConsistency(headers: Headers): Consistency | undefined {
  if (headers.get("Concord-Consistency") === "strong") return { kind: "strong" };
  const token = headers.get(CONSISTENCY_HEADER);
  return token === null ? NEAREST : parseConsistencyToken(token);
}

export { AlertsService, CustomersService, DealersService, DevicesService } from "./entrypoints.ts";
export default app;
