import { type Context, Hono } from "hono";
import { IssuerUnreachable } from "#auth/issuer.ts";
import { kidsOf } from "#auth/token-settings.ts";
import { clientAddress, isWithinLimit, SHORT_WAIT_SECONDS } from "#base/rate-limit.ts";
import { FAULT_MESSAGE, RETRY_AFTER_MS } from "#graphql/errors.ts";
import { hubNameOf } from "#objects/hub-name.ts";
import { logFault } from "#telemetry/fault.ts";
import { hasBindings, hasMigrations, readinessResponse } from "#telemetry/readiness.ts";
import { parseTrace } from "#telemetry/trace.ts";
import { type RequestNotes, trackRequests } from "#telemetry/track-requests.ts";
import { type AnswerDeps, answer, type Sender } from "./answer.ts";
import { readSender } from "./caller.ts";
import { cors } from "./cors.ts";
import { type ApiSettings, type Env, readApiSettings } from "./env.ts";
import { serveGraphiQL } from "./graphiql.ts";
import { createLive } from "./live.ts";
import { refuse, refuseMethod, tooMany } from "./refusals.ts";
import { answerSchema } from "./schema.ts";
import { issueTicket, openTicket } from "./tickets.ts";

type Api = { Bindings: Env; Variables: { settings: ApiSettings; notes: RequestNotes } };

const app = new Hono<Api>();

app.use(trackRequests("concord-api"));

app.use(cors);

app.use(async (c, next) => {
  await next();
  if (!c.res.headers.has("Cache-Control")) c.res.headers.set("Cache-Control", "no-store");
});

app.use(async (c, next) => {
  const read = readApiSettings(c.env);
  if (!read.ok)
    return refuse(c.req.raw, 503, ["MISCONFIGURED", `The Worker serves nothing: ${read.problems.join("; ")}.`]);
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
      "TICKETS",
      "BUDGETS",
      "INGEST_COMMANDS",
      "METRICS",
      "GRAPHIQL",
      "REQUESTS",
      "REQUESTS_BY_ADDRESS",
      "FAILED_SIGN_INS",
    ]),
    migrations: hasMigrations(env.DB),
  };
  return readinessResponse("api", env, checks, { tokenKeys: kidsOf(settings.trust) });
});

app.get("/schema.graphql", async ({ env, req }) =>
  (await isWithinLimit(env.REQUESTS_BY_ADDRESS, clientAddress(req.raw.headers)))
    ? answerSchema(req.raw)
    : tooMany(req.raw, SHORT_WAIT_SECONDS),
);

app.on("GET", ["/graphql", "/graphql/graphiql.json", "/graphql/assets/*"], async (c, next) => {
  const settings = c.get("settings");
  const file = settings.servesGraphiQL ? await serveGraphiQL(c.req.raw, { settings, env: c.env }) : undefined;
  return file ?? next();
});

app.on(["GET", "POST"], "/graphql", async (c) => {
  const settings = c.get("settings");
  const sender = await readSender(c.req.raw, c.env, settings);
  if (sender instanceof Response) return sender;
  return answer(c.req.raw, sender, { ...depsOf(c), live: liveOf(c, sender, c.req.header("Last-Event-ID") ?? null) });
});

app.post("/graphql/ticket", async (c) => {
  const sender = await readSender(c.req.raw, c.env, c.get("settings"));
  return sender instanceof Response ? sender : issueTicket(c.req.raw, sender, depsOf(c));
});

app.get("/graphql/stream", (c) =>
  openTicket(c.req.raw, { ...depsOf(c), live: (sender, lastEventId) => liveOf(c, sender, lastEventId) }),
);

// graphql-sse would reserve one stream for many subscriptions, which would have to be found again from any isolate.
app.on("PUT", ["/graphql", "/graphql/stream"], (c) =>
  refuse(c.req.raw, 405, ["SINGLE_CONNECTION_NOT_SUPPORTED", ONE_STREAM], { headers: { Allow: "GET, POST" } }),
);

app.all("/graphql", (c) => refuseMethod(c.req.raw, "GET, POST"));
app.all("/graphql/ticket", (c) => refuseMethod(c.req.raw, "POST"));
app.all("/graphql/stream", (c) => refuseMethod(c.req.raw, "GET"));

app.notFound((c) => refuse(c.req.raw, 404, ["NOT_FOUND", "There is nothing at this path. GraphQL is at /graphql."]));

app.onError((fault, c) => {
  const traceId = parseTrace(c.req.header("traceparent"))?.traceId;
  const id = logFault("request_fault", fault, { path: c.req.path, traceId });
  if (fault instanceof IssuerUnreachable) {
    const extensions = { retryAfterMs: RETRY_AFTER_MS };
    return refuse(c.req.raw, 503, ["UPSTREAM_UNAVAILABLE", ISSUER_UNREACHABLE], { extensions });
  }
  return refuse(c.req.raw, 500, ["INTERNAL_SERVER_ERROR", FAULT_MESSAGE], { extensions: { id } });
});

const depsOf = (c: Context<Api>): Omit<AnswerDeps, "live"> => ({
  env: c.env,
  settings: c.get("settings"),
  note: (report) => void c.var.notes.add(report),
  waitUntil: (work) => c.executionCtx.waitUntil(work),
});

/** Where the subscriptions of a request are opened. */
const liveOf =
  ({ env, req }: Context<Api>, sender: Sender, lastEventId: string | null): AnswerDeps["live"] =>
  (signal) =>
    createLive(env, { ...sender, signal, lastEventId, hub: hubNameOf(req.raw, sender.address) });

const ONE_STREAM =
  "Each subscription has a stream of its own here, and nothing was reserved. Set `singleConnection: false` in graphql-sse, or send many subscriptions over one WebSocket.";

const ISSUER_UNREACHABLE =
  "The issuer of your token does not answer, so you could not be authenticated. Nothing was done; try again.";

export { AlertsService, CustomersService, DealersService, DevicesService } from "./entrypoints.ts";
export { OperationsService } from "./operations.ts";
export default app;
