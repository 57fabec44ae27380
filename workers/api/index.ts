import { shouldRenderGraphiQL } from "graphql-yoga";
import { Hono } from "hono";
import { cors } from "hono/cors";
import { authenticate } from "../../src/shared/auth/token.ts";
import { faultOf, log } from "../../src/shared/telemetry/log.ts";
import { type Config, type Env, readConfig } from "./env.ts";
import { errorBody } from "./errors.ts";
import { graphiqlPage } from "./graphiql.ts";
import { yoga } from "./yoga.ts";

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
app.use("/graphql", cors({ origin: "*", allowMethods: ["GET", "POST"], maxAge: 86_400 }));

app.on(["GET", "POST"], "/graphql", async (c) => {
  const config = c.get("config");
  if (config.isLocal && shouldRenderGraphiQL(c.req.raw)) return c.html(graphiqlPage(config));
  const caller = await authenticate(c.req.header("Authorization") ?? null, config.tokenSecret);
  if (!caller.ok) return c.json(errorBody("UNAUTHENTICATED", caller.message), 401, { "WWW-Authenticate": "Bearer" });
  return yoga.fetch(c.req.raw, { env: c.env, scope: caller.scope });
});

app.onError((fault, c) => {
  log("error", "request_fault", { ...faultOf(fault), path: c.req.path });
  return c.json(errorBody("INTERNAL_SERVER_ERROR", "Something went wrong on our side."), 500);
});

export default app;
