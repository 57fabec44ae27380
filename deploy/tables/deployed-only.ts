import type { WorkerName } from "./workers.ts";

/** A value that every deployed environment has and the local one lacks, and the comment that stands above it. */
export type DeployedOnly = { readonly value: unknown; readonly why: string };

/**
 * By Worker, and by the member's path in its tables. Locally a queue retries at once, so that tests of a dying consumer
 * take no minutes, and local/console.ts and local/graphiql.ts bundle the console and GraphiQL.
 */
export const DEPLOYED_ONLY: Readonly<Partial<Record<WorkerName, Readonly<Record<string, DeployedOnly>>>>> = {
  ingest: {
    "queues.consumers.retry_delay": {
      value: 60,
      why: "For a consumer that dies before it answers; a retry that it asks for has a delay of its own.",
    },
  },
  api: {
    "build.command": { value: "npm run --silent graphiql", why: "Bundles GraphiQL into its assets." },
  },
  dlq: {
    "queues.consumers.retry_delay": {
      value: 600,
      why: "For a consumer that dies before it answers: its retries then last 16 hours.",
    },
    "build.command": { value: "npm run --silent console", why: "Bundles the console into its assets." },
  },
};
