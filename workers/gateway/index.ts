/** The bindings of wrangler.toml at the root. */
type Env = {
  readonly ENVIRONMENT: string;
  readonly INGEST: Fetcher;
  readonly API: Fetcher;
  readonly LIVE: Fetcher;
  readonly DLQ: Fetcher;
};

/** The first segment of a path names the Worker behind it, or the first three of them do. */
const WORKERS: Readonly<Record<string, keyof Omit<Env, "ENVIRONMENT">>> = {
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
  "ops/api/devices": "API",
};

/** The front door: one hostname, four Workers. */
export default {
  async fetch(request, env) {
    return hardened(await answerTo(request, env), env);
  },
} satisfies ExportedHandler<Env>;

async function answerTo(request: Request, env: Env): Promise<Response> {
  const [, segment = "", ...others] = new URL(request.url).pathname.split("/");
  const name = [[segment, ...others.slice(0, 2)].join("/"), segment].find((each) => Object.hasOwn(WORKERS, each));
  const worker = name === undefined ? undefined : WORKERS[name];
  if (worker) return env[worker].fetch(request);
  if (segment === "healthz") return Response.json({ status: "ok", worker: "gateway" }, NO_STORE);
  if (segment === "readyz") return readiness(env);
  if (segment === "") return Response.json({ service: "concord", environment: env.ENVIRONMENT, paths: PATHS });
  return Response.json(
    { error: { code: "NOT_FOUND", message: `Nothing is served at /${segment}.`, paths: PATHS } },
    { status: 404 },
  );
}

/** As it came, with what each answer tells a browser: to believe its type, and to come by HTTPS alone. */
function hardened(answer: Response, { ENVIRONMENT }: Env): Response {
  // The headers of another Worker's answer cannot be changed. A copy keeps the stream, and the socket of a 101.
  const response = new Response(answer.body, answer);
  response.headers.set("X-Content-Type-Options", "nosniff");
  // Two years. A browser that hears it of localhost would open nothing there by HTTP any more.
  if (ENVIRONMENT !== "local") response.headers.set("Strict-Transport-Security", "max-age=63072000");
  return response;
}

const NO_STORE = { headers: { "Cache-Control": "no-store" } };

/** Where each Worker says whether it is ready. */
const READY_PATHS = {
  INGEST: "/ingest/readyz",
  API: "/graphql/readyz",
  LIVE: "/live/readyz",
  DLQ: "/ops/readyz",
} as const;
type Behind = keyof typeof READY_PATHS;

/** How long one may take to say so. */
const READY_WITHIN_MS = 5_000;

/** 200 when all four are ready; else 503, and what each of them says. */
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
