import { Hono } from "hono";
import { asyncApiDocument } from "../../src/shared/contracts/asyncapi.ts";
import { contractList } from "../../src/shared/contracts/catalogue.ts";
import { faultOf, log } from "../../src/shared/telemetry/log.ts";
import { hasBindings, hasMigrations, readinessResponse } from "../../src/shared/telemetry/readiness.ts";
import { trackRequests } from "../../src/shared/telemetry/track-requests.ts";
import { admit, type BoundaryEnv, noteClient, requireRoom } from "./boundary.ts";
import { readConfig } from "./env.ts";
import { RequestError } from "./errors.ts";
import { openApiDocument } from "./openapi.ts";
import { produceToSink, produceV2, produceV3 } from "./produce.ts";
import * as metadata from "./rest-proxy/metadata.ts";
import { readPartition } from "./rest-proxy/v2.ts";

const V2_JSON = "application/vnd.kafka.v2+json";
const JSON_TYPE = "application/json";

export const routes = new Hono<BoundaryEnv>();

routes.use(trackRequests("concord-ingest"));
routes.use(async (c, next) => {
  const configured = readConfig(c.env);
  if (!configured.ok) {
    throw new RequestError(503, `This Worker is not configured: ${configured.problems.join("; ")}.`);
  }
  c.set("config", configured.config);
  await next();
});

// The second path is the first as the front door can reach it.
routes.on("GET", ["/healthz", "/ingest/healthz"], (c) => c.json({ status: "ok", worker: "ingest" }));
routes.on("GET", ["/readyz", "/ingest/readyz"], ({ env }) =>
  readinessResponse("ingest", env, {
    bindings: hasBindings(env, [
      "EVENTS",
      "DEAD_LETTERS",
      "DEVICES",
      "DEALER_FEEDS",
      "METRICS",
      "RATE_LIMIT",
      "FAILED_SIGN_INS",
    ]),
    migrations: hasMigrations(env.DB),
  }),
);
routes.get("/contracts", (c) => c.json(contractList()));
routes.get("/contracts/asyncapi.json", (c) => c.json(asyncApiDocument()));
routes.get("/openapi.json", (c) => c.json(openApiDocument(new URL(c.req.url).origin)));

for (const path of ["/topics", "/brokers", "/v3", "/kafka", "/ingest"]) {
  for (const pattern of [path, `${path}/*`]) {
    routes.use(pattern, noteClient);
    routes.use(pattern, async (c, next) => {
      await admit(c);
      if (c.req.method === "POST") requireRoom();
      await next();
    });
  }
}

routes.get("/topics", () => v2(metadata.topicNames()));
routes.get("/topics/:topic", (c) => v2(metadata.topic(c.req.param("topic"))));
routes.get("/topics/:topic/partitions", (c) => v2(metadata.partitionsOf(c.req.param("topic"))));
routes.get("/topics/:topic/partitions/:partition", (c) =>
  v2(metadata.partitionNamed(c.req.param("topic"), c.req.param("partition"))),
);
routes.get("/brokers", () => v2(metadata.brokers()));
routes.post("/topics/:topic", (c) => produceV2(c, c.req.param("topic")));
routes.post("/topics/:topic/partitions/:partition", (c) =>
  produceV2(c, c.req.param("topic"), readPartition(c.req.param("partition"))),
);

for (const base of ["/v3", "/kafka/v3"]) {
  const self = (url: string) => new URL(url).origin + base;
  routes.use(`${base}/clusters/:cluster/*`, async (c, next) => {
    // Producers may name any cluster; only what is read has to exist.
    if (c.req.method === "GET") metadata.requireCluster(c.req.param("cluster"));
    await next();
  });
  routes.get(`${base}/clusters`, (c) => c.json(metadata.clusterList(self(c.req.url))));
  routes.get(`${base}/clusters/:cluster`, (c) => c.json(metadata.cluster(self(c.req.url))));
  routes.get(`${base}/clusters/:cluster/topics`, (c) => c.json(metadata.topicList(self(c.req.url))));
  routes.get(`${base}/clusters/:cluster/topics/:topic`, (c) =>
    c.json(metadata.v3Topic(self(c.req.url), c.req.param("topic"))),
  );
  // Hono would read the ":batch" of "records:batch" as a parameter, and clients may escape the colon.
  routes.post(`${base}/clusters/:cluster/topics/:topic/:operation`, (c) =>
    produceV3(c, { ...c.req.param(), clusterId: c.req.param("cluster") }),
  );
}

routes.post("/ingest/:topic", (c) => produceToSink(c, c.req.param("topic")));

routes.notFound((c) => failure(new RequestError(404, "HTTP 404 Not Found"), c.req.path));
routes.onError((thrown, c) => {
  if (thrown instanceof RequestError) return failure(thrown, c.req.path);
  log("error", "ingest.failed", { method: c.req.method, ...faultOf(thrown) });
  const message = "Something failed here. Send the request again: repeating it does no harm.";
  return failure(new RequestError(500, message), c.req.path);
});

const v2 = (body: unknown): Response => new Response(JSON.stringify(body), { headers: { "Content-Type": V2_JSON } });

const failure = (error: RequestError, path: string): Response =>
  new Response(JSON.stringify(error.toBody()), {
    status: error.status,
    headers: { "Content-Type": /^\/(topics|brokers)\b/.test(path) ? V2_JSON : JSON_TYPE, ...error.headers },
  });
