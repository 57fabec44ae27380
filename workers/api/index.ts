import { shouldRenderGraphiQL } from "graphql-yoga";
import { Hono } from "hono";
import { cors } from "hono/cors";
import { authenticate } from "../../src/shared/auth/token.ts";
import { type Consistency, NEAREST, parseConsistencyToken } from "../../src/shared/repositories/consistency.ts";
import { faultOf, log } from "../../src/shared/telemetry/log.ts";
import { type Config, type Env, readConfig } from "./env.ts";
import { errorBody } from "./errors.ts";
import { graphiqlPage } from "./graphiql.ts";
import { openServices } from "./services/index.ts";
import { yoga } from "./yoga.ts";

/** Both ways: what a client has seen, and what it has seen now. */
const TOKEN_HEADER = "Concord-Consistency-Token";
const BAD_TOKEN = `\`${TOKEN_HEADER}\` is not one of ours; send it as an answer gave it, or leave it out.`;

const app = new Hono<{ Bindings: Env; Variables: { config: Config } }>();

app.use(async (c, next) => {
  const read = readConfig(c.env);
  c.header("Cache-Control", "no-store");
  if (!read.ok)
    return c.json(errorBody("MISCONFIGURED", `The Worker serves nothing: ${read.problems.join("; ")}.`), 503);
  c.set("config", read.config);
  return next();
});

app.get("/healthz", (c) => c.json({ status: "ok" }));

// Any origin may ask: what counts is the token, and no cookie speaks for a browser.
app.use(
  "/graphql",
  cors({ origin: "*", allowMethods: ["GET", "POST"], exposeHeaders: [TOKEN_HEADER], maxAge: 86_400 }),
);

app.on(["GET", "POST"], "/graphql", async (c) => {
  const config = c.get("config");
  if (config.isLocal && shouldRenderGraphiQL(c.req.raw)) return c.html(graphiqlPage(config));
  const caller = await authenticate(c.req.header("Authorization") ?? null, config.tokenSecret);
  if (!caller.ok) return c.json(errorBody("UNAUTHENTICATED", caller.message), 401, { "WWW-Authenticate": "Bearer" });
  const consistency = readConsistency(c.req.raw.headers);
  if (!consistency) return c.json(errorBody("BAD_CONSISTENCY_TOKEN", BAD_TOKEN), 400);
  const services = openServices(c.env, caller.scope, consistency);
  const response = await yoga.fetch(c.req.raw, { services });
  const token = services.session.consistencyToken;
  if (token) response.headers.set(TOKEN_HEADER, token);
  return response;
});

app.onError((fault, c) => {
  log("error", "request_fault", { ...faultOf(fault), path: c.req.path });
  return c.json(errorBody("INTERNAL_SERVER_ERROR", "Something went wrong on our side."), 500);
});

/** How fresh the answer must be, or `undefined` when the client's token is none. */
function readConsistency(headers: Headers): Consistency | undefined {
  if (headers.get("Concord-Consistency") === "strong") return { kind: "strong" };
  const token = headers.get(TOKEN_HEADER);
  return token === null ? NEAREST : parseConsistencyToken(token);
}

export { AlertsService, CustomersService, DealersService, DevicesService } from "./services/entrypoints.ts";
export default app;
