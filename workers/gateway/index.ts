import { discardBody } from "#base/body.ts";

/** The bindings of wrangler.toml at the root. */
type Env = {
  readonly ENVIRONMENT: string;
  readonly INGEST: Fetcher;
  readonly API: Fetcher;
  readonly LIVE: Fetcher;
  readonly DLQ: Fetcher;
  /** Serves no requests from outside; only its readiness is checked. */
  readonly METRICS: Fetcher;
};

/** The first segment of a path names the Worker behind it. */
const WORKERS: Readonly<Record<string, keyof Omit<Env, "ENVIRONMENT" | "METRICS">>> = {
  topics: "INGEST",
  contracts: "INGEST",
  v3: "INGEST",
  kafka: "INGEST",
  brokers: "INGEST",
  ingest: "INGEST",
  "openapi.json": "INGEST",
  graphql: "API",
  live: "LIVE",
  ops: "DLQ",
};

/** The front door: one hostname for all Workers. */
export default {
  async fetch(request, env) {
    return hardened(await answerTo(request, env), env);
  },
} satisfies ExportedHandler<Env>;

async function answerTo(request: Request, env: Env): Promise<Response> {
  const [, segment = ""] = new URL(request.url).pathname.split("/");
  const worker = Object.hasOwn(WORKERS, segment) ? WORKERS[segment] : undefined;
  if (worker) return env[worker].fetch(request);
  if (segment === "healthz") return Response.json({ status: "ok", worker: "gateway" }, NO_STORE);
  if (segment === "readyz") return readiness(env);
  // The others discard what they leave of a body themselves; it is theirs once they have the request.
  await discardBody(request);
  if (segment === "") return Response.json({ service: "concord", environment: env.ENVIRONMENT, paths: PATHS });
  return Response.json(
    { error: { code: "NOT_FOUND", message: `Nothing is served at /${segment}.`, paths: PATHS } },
    { status: 404 },
  );
}

/** Adds the security headers that every response has. */
function hardened(answer: Response, { ENVIRONMENT }: Env): Response {
  // The headers of another Worker's response are immutable. The copy keeps the stream, and the socket of a 101.
  const response = new Response(answer.body, answer);
  response.headers.set("X-Content-Type-Options", "nosniff");
  // Two years. Not locally: a browser would then refuse every HTTP server on localhost.
  if (ENVIRONMENT !== "local") response.headers.set("Strict-Transport-Security", "max-age=63072000");
  return response;
}

const NO_STORE = { headers: { "Cache-Control": "no-store" } };

/** The readiness path of each Worker. */
const READY_PATHS = {
  INGEST: "/ingest/readyz",
  API: "/graphql/readyz",
  LIVE: "/live/readyz",
  DLQ: "/ops/readyz",
  METRICS: "/readyz",
} as const;
type Behind = keyof typeof READY_PATHS;

/** How long a readiness check may take. */
const READY_WITHIN_MS = 5_000;

/** 200 if all Workers are ready, else 503, with the answer of each. */
async function readiness(env: Env): Promise<Response> {
  const names = Object.keys(READY_PATHS) as Behind[];
  const answers = await Promise.all(names.map((name) => askReady(env[name], READY_PATHS[name])));
  const isReady = answers.every(({ status }) => status === 200);
  const workers = Object.fromEntries(names.map((name, i) => [name.toLowerCase(), answers[i]?.body]));
  return Response.json(
    { status: isReady ? "ready" : "not ready", workers },
    { ...NO_STORE, status: isReady ? 200 : 503 },
  );
}

async function askReady(worker: Fetcher, path: string): Promise<{ status: number; body: unknown }> {
  try {
    const response = await worker.fetch(`https://concord.internal${path}`, {
      signal: AbortSignal.timeout(READY_WITHIN_MS),
    });
    return { status: response.status, body: await response.json() };
  } catch {
    return { status: 503, body: { status: "does not answer" } };
  }
}

const PATHS = Object.keys(WORKERS).map((segment) => `/${segment}`);
