import { Hono } from "hono";
import { discardBody } from "#base/body.ts";
import { asyncApiDocument } from "#contracts/asyncapi.ts";
import { contractList } from "#contracts/catalogue.ts";
import { logFault } from "#telemetry/fault.ts";
import { hasBindings, hasMigrations, readinessResponse } from "#telemetry/readiness.ts";
import { trackRequests } from "#telemetry/track-requests.ts";
import { authenticateClient, type BoundaryEnv, chooseLane, noteClient, requireCapacity } from "./boundary.ts";
import { readConfig } from "./env.ts";
import { RequestError } from "./errors.ts";
import { openApiDocument } from "./openapi.ts";
import { produceToSink, produceV2, produceV3 } from "./produce.ts";
import * as metadata from "./rest-proxy/metadata.ts";
import { readPartition } from "./rest-proxy/v2.ts";

const V2_JSON = "application/vnd.kafka.v2+json";
const JSON_TYPE = "application/json";

/** A path with a slash behind it is the same path. */
export const routes = new Hono<BoundaryEnv>({ strict: false });

// Before all others, so that the time that a client takes to send counts as no latency of ours.
routes.use(async (c, next) => {
  await next();
  if (c.res.status >= 400) await discardBody(c.req.raw);
});
routes.use(trackRequests("concord-ingest"));
routes.use(async (c, next) => {
  const configured = readConfig(c.env);
  if (!configured.ok) {
    const problems = configured.problems.join("; ");
    const message = `The ingest Worker accepts nothing until this is fixed: ${problems}. Nothing was accepted: send the request again then.`;
    throw new RequestError(503, message);
  }
  c.set("config", configured.config);
  await next();
});

// The front door can only reach the second of the two paths.
routes.on("GET", ["/healthz", "/ingest/healthz"], (c) => c.json({ status: "ok", worker: "ingest" }));
routes.on("GET", ["/readyz", "/ingest/readyz"], ({ env }) =>
  readinessResponse(
    "ingest",
    env,
    {
      bindings: hasBindings(env, [
        "EVENTS",
        "BACKFILL",
        "DEAD_LETTERS",
        "DEVICES",
        "DEALER_FEEDS",
        "HUBS",
        "METRICS",
        "RATE_LIMIT",
        "FAILED_SIGN_INS",
      ]),
      migrations: hasMigrations(env.DB),
    },
    { archive: [env.ARCHIVE ? "on" : "off"] },
  ),
);
routes.get("/contracts", (c) => c.json(contractList()));
routes.get("/contracts/asyncapi.json", (c) => c.json(asyncApiDocument()));
routes.get("/openapi.json", (c) => c.json(openApiDocument(new URL(c.req.url).origin)));

for (const path of ["/topics", "/brokers", "/v3", "/kafka", "/ingest"]) {
  for (const pattern of [path, `${path}/*`]) {
    routes.use(pattern, noteClient);
    routes.use(pattern, async (c, next) => {
      await authenticateClient(c);
      if (c.req.method === "POST") {
        chooseLane(c);
        requireCapacity(c);
      }
      await next();
    });
  }
}

routes.get("/topics", () => v2(metadata.topicNames()));
routes.get("/topics/:topic", (c) => v2(metadata.topic(c.req.param("topic"))));
routes.get("/topics/:topic/partitions", (c) => v2(metadata.topicPartitions(c.req.param("topic"))));
routes.get("/topics/:topic/partitions/:partition", (c) =>
  v2(metadata.findPartition(c.req.param("topic"), c.req.param("partition"))),
);
routes.get("/brokers", () => v2(metadata.brokers()));
routes.post("/topics/:topic", (c) => produceV2(c, c.req.param("topic")));
routes.post("/topics/:topic/partitions/:partition", (c) =>
  produceV2(c, c.req.param("topic"), readPartition(c.req.param("partition"))),
);

for (const base of ["/v3", "/kafka/v3"]) {
  const self = (url: string) => new URL(url).origin + base;
  routes.use(`${base}/clusters/:cluster/*`, async (c, next) => {
    // Producers may name any cluster; reads have to name ours.
    if (c.req.method !== "POST") metadata.requireCluster(c.req.param("cluster"));
    await next();
  });
  routes.get(`${base}/clusters`, (c) => c.json(metadata.clusterList(self(c.req.url))));
  routes.get(`${base}/clusters/:cluster`, (c) => c.json(metadata.cluster(self(c.req.url))));
  routes.get(`${base}/clusters/:cluster/topics`, (c) => c.json(metadata.topicList(self(c.req.url))));
  routes.get(`${base}/clusters/:cluster/topics/:topic`, (c) =>
    c.json(metadata.v3Topic(self(c.req.url), c.req.param("topic"))),
  );
  // Hono would read the ":batch" of "records:batch" as a parameter, and clients may escape the colon.
  routes.post(`${base}/clusters/:cluster/topics/:topic/:operation{records(?:(?::|%3[aA])batch)?}`, (c) =>
    produceV3(c, { ...c.req.param(), clusterId: c.req.param("cluster") }),
  );
}

routes.post("/ingest/:topic", (c) => produceToSink(c, c.req.param("topic")));

routes.notFound((c) => {
  const allowed = methodsOf(c.req.path);
  if (allowed.length === 0) return failure(new RequestError(404, "HTTP 404 Not Found"), c.req.path);
  const headers = { Allow: allowed.join(", ") };
  if (c.req.method === "OPTIONS") return new Response(null, { status: 204, headers });
  return failure(
    new RequestError(405, `HTTP 405 Method Not Allowed. This path takes ${headers.Allow}.`, headers),
    c.req.path,
  );
});
routes.onError((thrown, c) => {
  if (thrown instanceof RequestError) return failure(thrown, c.req.path);
  const id = logFault("ingest.failed", thrown, { method: c.req.method });
  const message = `Internal error ${id}. Some of the records may have been accepted: send the request again, which is safe.`;
  return failure(new RequestError(500, message), c.req.path);
});

/** The methods that a path has a route for, and those that HTTP adds; none where the path has no route. */
function methodsOf(path: string): string[] {
  const hasRoute = (method: string) =>
    routes.router.match(method, path)[0].some(([[, route]]) => route.method === method);
  const own = ["GET", "POST"].filter(hasRoute);
  return own.length === 0 ? [] : [...own, ...(own.includes("GET") ? ["HEAD"] : []), "OPTIONS"];
}

const v2 = (body: unknown): Response => new Response(JSON.stringify(body), { headers: { "Content-Type": V2_JSON } });

const failure = (error: RequestError, path: string): Response =>
  new Response(JSON.stringify(error.toBody()), {
    status: error.status,
    headers: { "Content-Type": /^\/(topics|brokers)\b/.test(path) ? V2_JSON : JSON_TYPE, ...error.headers },
  });
