import { join } from "node:path";
import type { D1Database } from "@cloudflare/workers-types";
import { buildConsole } from "./console.ts";
import { buildGraphiQL } from "./graphiql.ts";
import { ROOT } from "./tool.ts";

/** The Workers in the order in which `wrangler dev` and the harness need them: the front door first. */
export const WORKER_CONFIGS = [
  "wrangler.toml",
  "workers/devices/wrangler.toml",
  "workers/archive/wrangler.toml",
  "workers/ingest/wrangler.toml",
  "workers/api/wrangler.toml",
  "workers/dlq/wrangler.toml",
  "workers/metrics/wrangler.toml",
] as const;

export type StackOptions = {
  /** The deployed environment whose bindings are used, such as `staging`; the local one unless given. */
  readonly env?: string;
  /** Secrets that the environment requires. */
  readonly secrets?: Record<string, string>;
  /** Configs of further Workers, which may bind to ours. */
  readonly neighbours?: readonly string[];
  /** Replaces the config of one of ours. */
  readonly configOf?: (path: string) => string | Promise<string>;
};

/** Where a Worker's bundle is in a folder that has those of all. */
export const bundleOf = (config: string, folder: string): string => join(folder, config.replaceAll("/", "-"));

/** What a Worker was bundled to before, if tests did that for many stacks. The replacement of a config has other code. */
function bundled(config: string) {
  const folder = process.env.CONCORD_BUNDLES;
  const isOurs = (WORKER_CONFIGS as readonly string[]).includes(config);
  return folder && isOurs ? { prebuiltWorkerDir: bundleOf(config, folder) } : {};
}

/** All Workers in one local runtime, with D1, Queues and Durable Objects in memory, on a port of its own. */
export async function startStack({ env, secrets, neighbours = [], configOf = (path) => path }: StackOptions = {}) {
  process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= "false";
  process.env.WRANGLER_SEND_METRICS ??= "false";
  process.env.WRANGLER_LOG ??= "warn";
  const prepareDeployment = async (pathOf: NonNullable<StackOptions["configOf"]>) => {
    const configPaths = await Promise.all(WORKER_CONFIGS.map(pathOf));
    return {
      root: ROOT,
      workers: [
        ...configPaths.map((configPath) => ({
          ...{ configPath, ...bundled(configPath) },
          ...(env && { env }),
          ...(secrets && { secrets }),
        })),
        ...neighbours.map((configPath) => ({ configPath })),
      ],
    };
  };
  await Promise.all([buildConsole(), buildGraphiQL()]);
  // What only lists the Workers or says how it is called starts sooner without it.
  const { createTestHarness } = await import("wrangler");
  const harness = createTestHarness(await prepareDeployment(configOf));
  const { url } = await harness.listen();
  const worker = <Env>(name: string) => harness.getWorker<Env>(env ? `${name}-${env}` : name);
  await worker<{ DB: D1Database }>("concord-ingest").applyD1Migrations("DB");
  // An environment may have no database for rebuilds.
  const archive = worker<{ REBUILT?: D1Database }>("concord-archive");
  if ((await archive.getEnv()).REBUILT) await archive.applyD1Migrations("REBUILT");
  /** Replaces these Workers, over the same D1 and the same objects. */
  const redeploy = async (pathOf: NonNullable<StackOptions["configOf"]> = (path) => path) =>
    harness.update(await prepareDeployment(pathOf));
  return { url, harness, worker, redeploy, stop: () => harness.close() };
}

export type Stack = Awaited<ReturnType<typeof startStack>>;
