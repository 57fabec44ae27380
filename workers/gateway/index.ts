import { discardBody } from "#base/body.ts";
import { answerFault } from "./fault.ts";
import { readiness } from "./readiness.ts";
import { withSecurityHeaders } from "./security-headers.ts";

/** The bindings of wrangler.toml at the root. */
export type Env = {
  readonly ENVIRONMENT: string;
  readonly INGEST: Fetcher;
  readonly API: Fetcher;
  readonly LIVE: Fetcher;
  readonly DLQ: Fetcher;
  /** These serve no requests from outside; only their readiness is checked. */
  readonly METRICS: Fetcher;
  readonly ARCHIVE: Fetcher;
  readonly VERSION?: WorkerVersionMetadata;
};

type Behind = "INGEST" | "API" | "LIVE" | "DLQ";

/**
 * The first segment of a path names the Worker behind it, exactly: an escaped slash or letter names none. The Worker
 * gets the whole request, and answers only paths that begin with its segments.
 */
const WORKERS: Readonly<Record<string, Behind>> = {
  topics: "INGEST",
  contracts: "INGEST",
  v3: "INGEST",
  kafka: "INGEST",
  brokers: "INGEST",
  ingest: "INGEST",
  "openapi.json": "INGEST",
  graphql: "API",
  "schema.graphql": "API",
  live: "LIVE",
  ops: "DLQ",
};
const PATHS = Object.keys(WORKERS).map((segment) => `/${segment}`);

/** The front door: one hostname for all Workers, and the only one of them that has an address. */
export default {
  async fetch(request, env) {
    return withSecurityHeaders(await answerTo(request, env), env.ENVIRONMENT);
  },
} satisfies ExportedHandler<Env>;

async function answerTo(request: Request, env: Env): Promise<Response> {
  const { pathname } = new URL(request.url);
  const [, segment = ""] = pathname.split("/");
  const worker = workerOf(segment, request);
  try {
    return await (worker ? env[worker].fetch(request) : answerOwn(pathname, request, env));
  } catch (thrown) {
    return answerFault(thrown, worker ?? "GATEWAY", request);
  }
}

function workerOf(segment: string, { headers }: Request): Behind | undefined {
  // One URL for everything: clients of GraphQL open their socket where they send their queries.
  if (segment === "graphql" && headers.get("Upgrade")?.toLowerCase() === "websocket") return "LIVE";
  return Object.hasOwn(WORKERS, segment) ? WORKERS[segment] : undefined;
}

async function answerOwn(pathname: string, request: Request, env: Env): Promise<Response> {
  if (pathname === "/healthz") return Response.json({ status: "ok", worker: "gateway" });
  if (pathname === "/readyz") return readiness(request, env);
  // The others discard what they leave of a body themselves; it is theirs once they have the request.
  await discardBody(request);
  if (pathname === "/") return Response.json({ service: "concord", environment: env.ENVIRONMENT, paths: PATHS });
  return Response.json(
    { error: { code: "NOT_FOUND", message: "Nothing is served at this path.", paths: PATHS } },
    { status: 404 },
  );
}
