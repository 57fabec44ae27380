/** Every Worker, with the folder whose wrangler.toml is its configuration. */
const FOLDERS = {
  gateway: ".",
  api: "workers/api",
  devices: "workers/devices",
  dlq: "workers/dlq",
  ingest: "workers/ingest",
  metrics: "workers/metrics",
} as const;

export type WorkerName = keyof typeof FOLDERS;
export const WORKER_NAMES = Object.keys(FOLDERS) as WorkerName[];

/** The path of a Worker's configuration from the root of the repository. */
export const configPathOf = (worker: WorkerName): string =>
  worker === "gateway" ? "wrangler.toml" : `${FOLDERS[worker]}/wrangler.toml`;
