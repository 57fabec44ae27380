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
    const [, segment = "", ...others] = new URL(request.url).pathname.split("/");
    const name = [[segment, ...others.slice(0, 2)].join("/"), segment].find((each) => Object.hasOwn(WORKERS, each));
    const worker = name === undefined ? undefined : WORKERS[name];
    if (worker) return env[worker].fetch(request);
    if (segment === "") return Response.json({ service: "concord", environment: env.ENVIRONMENT, paths: PATHS });
    return Response.json(
      { error: { code: "NOT_FOUND", message: `Nothing is served at /${segment}.`, paths: PATHS } },
      { status: 404 },
    );
  },
} satisfies ExportedHandler<Env>;

const PATHS = Object.keys(WORKERS).map((segment) => `/${segment}`);
