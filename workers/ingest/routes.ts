import { type Context, Hono } from "hono";
import { asyncApiDocument } from "../../src/shared/contracts/asyncapi.ts";
import { contractList } from "../../src/shared/contracts/catalogue.ts";
import { CONTRACTS } from "../../src/shared/contracts/index.ts";
import { faultOf, log } from "../../src/shared/telemetry/log.ts";
import { accept, rejectionsAmong } from "./accept.ts";
import { MAX_BODY_BYTES, readBody } from "./body.ts";
import { findCredential } from "./credentials.ts";
import { acceptDeps, type Config, type Env, readConfig, reportMetrics } from "./env.ts";
import { RequestError } from "./rest-proxy/errors.ts";
import {
  formatOf,
  produceResponse,
  readPartition,
  readProduceRequest,
  requireAllGood,
  requireSomethingTaken,
  requireTopic,
  V2_JSON,
} from "./rest-proxy/v2.ts";

type Bindings = { Bindings: Env; Variables: { config: Config } };

export const routes = new Hono<Bindings>();

routes.use(async (c, next) => {
  const configured = readConfig(c.env);
  if (!configured.ok) throw new RequestError(503, configured.message);
  c.set("config", configured.config);
  await next();
});

routes.get("/healthz", (c) => c.json({ status: "ok", worker: "ingest" }));
routes.get("/contracts", (c) => c.json(contractList()));
routes.get("/contracts/asyncapi.json", (c) => c.json(asyncApiDocument()));

for (const path of ["/topics", "/topics/*"]) {
  routes.use(path, async (c, next) => {
    const credential = await findCredential(c.req.header("Authorization"), c.var.config.credentials);
    if (!credential) {
      throw new RequestError(40101, "Unauthorized. Send the credentials of this client as HTTP Basic.", {
        "WWW-Authenticate": 'Basic realm="concord"',
      });
    }
    await next();
  });
}

routes.get("/topics", (c) =>
  answer(
    c,
    CONTRACTS.map(({ topic }) => topic),
  ),
);
routes.post("/topics/:topic", (c) => produce(c, c.req.param("topic")));
routes.post("/topics/:topic/partitions/:partition", (c) =>
  produce(c, c.req.param("topic"), readPartition(c.req.param("partition"))),
);

routes.notFound(() => failure(new RequestError(404, "HTTP 404 Not Found")));
routes.onError((thrown, c) => {
  if (thrown instanceof RequestError) return failure(thrown);
  log("error", "ingest.failed", { path: c.req.routePath, ...faultOf(thrown) });
  return failure(new RequestError(500, "Something failed here. Send the request again: repeating it does no harm."));
});

async function produce(c: Context<Bindings>, topic: string, partition?: number): Promise<Response> {
  requireTopic(topic);
  const format = formatOf(c.req.header("Content-Type"));
  const records = readProduceRequest(topic, await bodyText(c), format, partition);
  const deps = acceptDeps(c.env);
  if (isSet(c.req.query("strict"))) requireAllGood(rejectionsAmong(records, deps.now()));
  const accepted = await accept(deps, records, c.req.header("traceparent"));
  requireSomethingTaken(accepted);
  c.executionCtx.waitUntil(reportMetrics(c.env, accepted.report));
  const count = (kind: string) => String(accepted.receipts.filter((receipt) => receipt.kind === kind).length);
  c.header("X-Concord-Accepted", count("accepted"));
  c.header("X-Concord-Dead-Lettered", count("deadLettered"));
  return answer(c, produceResponse(records, accepted.receipts, deps.now()));
}

async function bodyText(c: Context<Bindings>): Promise<string> {
  const encoding = c.req.header("Content-Encoding")?.toLowerCase() ?? "identity";
  if (encoding !== "identity")
    throw new RequestError(415, `Bodies encoded as ${encoding} are not read. Send it plain.`);
  const body = await readBody(c.req.raw);
  if (body.ok) return body.text;
  if (body.reason === "not_utf8") throw new RequestError(400, "The request body is not UTF-8. Nothing was accepted.");
  throw new RequestError(
    413,
    `The request body is larger than ${MAX_BODY_BYTES} bytes. Nothing was accepted: send it in parts.`,
  );
}

const isSet = (flag: string | undefined): boolean => flag === "1" || flag === "true";

const answer = (c: Context<Bindings>, body: unknown): Response =>
  c.body(JSON.stringify(body), 200, { "Content-Type": V2_JSON });

const failure = (error: RequestError): Response =>
  new Response(JSON.stringify(error.toBody()), {
    status: error.status,
    headers: { "Content-Type": V2_JSON, ...error.headers },
  });
