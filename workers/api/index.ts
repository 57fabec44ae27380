import { shouldRenderGraphiQL } from "graphql-yoga";
import { type Context, Hono } from "hono";
import { cors } from "hono/cors";
import { IssuerUnreachable } from "../../src/shared/auth/issuer.ts";
import type { ReaderSettings } from "../../src/shared/auth/reader-settings.ts";
import { authenticate } from "../../src/shared/auth/token.ts";
import { errorBody, RETRY_AFTER_MS } from "../../src/shared/graphql/errors.ts";
import { rightsOf } from "../../src/shared/graphql/rights.ts";
import { addressOf, isWithin, LONG_WAIT_SECONDS, SHORT_WAIT_SECONDS } from "../../src/shared/rate-limit.ts";
import { type Consistency, NEAREST, parseConsistencyToken } from "../../src/shared/repositories/consistency.ts";
import { openServices } from "../../src/shared/services/index.ts";
import { faultOf, log } from "../../src/shared/telemetry/log.ts";
import { hasBindings, hasMigrations, readinessResponse } from "../../src/shared/telemetry/readiness.ts";
import { traceOf } from "../../src/shared/telemetry/trace.ts";
import { type RequestNotes, trackRequests } from "../../src/shared/telemetry/track-requests.ts";
import { answerAtDesk } from "./desk/desk.ts";
import { type Env, readConfig, storesOf } from "./env.ts";
import { graphiqlPage } from "./graphiql.ts";
import { liveOver } from "./live.ts";
import { yoga } from "./yoga.ts";

/** Both ways: what a client has seen, and what it has seen now. */
const TOKEN_HEADER = "Concord-Consistency-Token";
const BAD_TOKEN = `\`${TOKEN_HEADER}\` is not one of ours; send it as an answer gave it, or leave it out.`;

const NOT_ACCEPTABLE = "Accept application/json or application/graphql-response+json.";

const app = new Hono<{ Bindings: Env; Variables: { settings: ReaderSettings; notes: RequestNotes } }>();

app.use(trackRequests("concord-api"));
// In front of the rest, for the desk has errors, and people to let in, of its own.
app.all("/ops/*", (c) => answerAtDesk(c.req.raw, c.env));

app.use(async (c, next) => {
  const read = readConfig(c.env);
  c.header("Cache-Control", "no-store");
  if (!read.ok)
    return c.json(errorBody("MISCONFIGURED", `The Worker serves nothing: ${read.problems.join("; ")}.`), 503);
  c.set("settings", read.config.reader);
  return next();
});

// The second path is the first as the front door can reach it.
app.on("GET", ["/healthz", "/graphql/healthz"], (c) => c.json({ status: "ok", worker: "api" }));
app.on("GET", ["/readyz", "/graphql/readyz"], ({ env }) =>
  readinessResponse("api", env, {
    bindings: hasBindings(env, [
      "DEVICES",
      "DEALER_FEEDS",
      "INGEST_COMMANDS",
      "METRICS",
      "REQUESTS",
      "REQUESTS_BY_ADDRESS",
      "FAILED_SIGN_INS",
    ]),
    migrations: hasMigrations(env.DB),
  }),
);

// Any origin may ask: what counts is the token, and no cookie speaks for a browser.
app.use(
  "/graphql",
  cors({ origin: "*", allowMethods: ["GET", "POST"], exposeHeaders: [TOKEN_HEADER], maxAge: 86_400 }),
);

app.on(["GET", "POST"], "/graphql", async (c) => {
  const settings = c.get("settings");
  if (settings.isLocal && shouldRenderGraphiQL(c.req.raw)) return c.html(graphiqlPage(settings));
  const caller = await authenticate(c.req.header("Authorization") ?? null, settings.tokenSecret, settings.tokenIssuer);
  const address = addressOf(c.req.raw.headers);
  if (!caller.ok) {
    if (!(await isWithin(c.env.FAILED_SIGN_INS, address))) return tooMany(c, LONG_WAIT_SECONDS);
    return c.json(errorBody("UNAUTHENTICATED", caller.message), 401, { "WWW-Authenticate": "Bearer" });
  }
  // What runs without people, with a token of role service or ops, is held to its address alone.
  const isOwn = caller.scope.role !== "dealer" || (await isWithin(c.env.REQUESTS, caller.caller));
  if (!isOwn || !(await isWithin(c.env.REQUESTS_BY_ADDRESS, address))) return tooMany(c, SHORT_WAIT_SECONDS);
  if (c.req.method === "POST" && !isJson(c.req.header("Content-Type"))) {
    return c.json(errorBody("UNSUPPORTED_MEDIA_TYPE", "POST a body of Content-Type application/json."), 415);
  }
  const consistency = readConsistency(c.req.raw.headers);
  if (!consistency) return c.json(errorBody("BAD_CONSISTENCY_TOKEN", BAD_TOKEN), 400);
  const { scope, expiresAtMs, caller: name } = caller;
  const open = (at: Consistency) => openServices(storesOf(c.env), scope, at);
  const services = open(consistency);
  const lastEventId = c.req.header("Last-Event-ID") ?? null;
  const leaving = new AbortController();
  const signal = AbortSignal.any([c.req.raw.signal, leaving.signal]);
  const live = liveOver(c.env, { scope, expiresAtMs, caller: name, address, signal, lastEventId });
  const response = await yoga.fetch(c.req.raw, {
    services,
    open,
    live,
    expiresAtMs,
    rights: rightsOf(scope, settings),
    note: (report) => void c.var.notes.add(report),
    trace: traceOf(c.req.header("traceparent")),
  });
  // Nobody reads what was opened for an answer that is no stream.
  if (!response.headers.get("Content-Type")?.startsWith("text/event-stream")) leaving.abort();
  if (response.status === 406) return c.json(errorBody("NOT_ACCEPTABLE", NOT_ACCEPTABLE), 406);
  const token = services.session.consistencyToken;
  if (token) response.headers.set(TOKEN_HEADER, token);
  return response;
});

app.all("/graphql", (c) =>
  c.json(errorBody("METHOD_NOT_ALLOWED", "Send a GET or a POST."), 405, { Allow: "GET, POST" }),
);

app.notFound((c) => c.json(errorBody("NOT_FOUND", "Nothing is served here; GraphQL is at /graphql."), 404));

app.onError((fault, c) => {
  const traceId = traceOf(c.req.header("traceparent"))?.traceId;
  log("error", "request_fault", { ...faultOf(fault), path: c.req.path, traceId });
  if (fault instanceof IssuerUnreachable) {
    const message = "The issuer of your token is out of reach just now; ask again.";
    return c.json(errorBody("UPSTREAM_UNAVAILABLE", message, { retryAfterMs: RETRY_AFTER_MS }), 503);
  }
  return c.json(errorBody("INTERNAL_SERVER_ERROR", "Something went wrong on our side."), 500);
});

/** @param waitSeconds until it counts anew */
const tooMany = (c: Context, waitSeconds: number): Response =>
  c.json(
    errorBody(
      "TOO_MANY_REQUESTS",
      `This asks more often than it may. Nothing was done: ask again in ${waitSeconds} s.`,
      {
        retryAfterMs: waitSeconds * 1_000,
      },
    ),
    429,
    { "Retry-After": String(waitSeconds) },
  );

/** Nothing else: what a form can send, any page can send. */
const isJson = (contentType = ""): boolean => /^application\/json(;|$)/.test(contentType);

/** How fresh the answer must be, or `undefined` when the client's token is none. */
function readConsistency(headers: Headers): Consistency | undefined {
  if (headers.get("Concord-Consistency") === "strong") return { kind: "strong" };
  const token = headers.get(TOKEN_HEADER);
  return token === null ? NEAREST : parseConsistencyToken(token);
}

export { AlertsService, CustomersService, DealersService, DevicesService } from "./entrypoints.ts";
export default app;
