/** Every Worker: the front door at the root, and each of the others in its folder of workers/. */
export const WORKER_NAMES = ["gateway", "api", "archive", "devices", "dlq", "ingest", "metrics"] as const;
export type WorkerName = (typeof WORKER_NAMES)[number];

/** The path of a Worker's configuration from the root of the repository. */
export const configPathOf = (worker: WorkerName): string =>
  worker === "gateway" ? "wrangler.toml" : `workers/${worker}/wrangler.toml`;
