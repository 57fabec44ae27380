import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { type Stack, WORKER_CONFIGS } from "../../../local/stack.ts";
import { copyConfig } from "../../support/config-copy.ts";

/** A Worker by its config, and the name that it has locally. */
export type DeployedWorker = { readonly config: string; readonly name: string };

/** The order of `npm run deploy`: each Worker comes after those that it binds to. */
export const ROLLOUT: readonly DeployedWorker[] = [
  { config: "workers/metrics/wrangler.toml", name: "concord-metrics" },
  { config: "workers/devices/wrangler.toml", name: "concord-devices" },
  { config: "workers/archive/wrangler.toml", name: "concord-archive" },
  { config: "workers/ingest/wrangler.toml", name: "concord-ingest" },
  { config: "workers/dlq/wrangler.toml", name: "concord-dlq" },
  { config: "workers/api/wrangler.toml", name: "concord-api" },
  { config: "wrangler.toml", name: "concord" },
];

const RUNNING_WITHIN_MS = 30_000;

/** The variable by which a version can be told from the one before. No Worker reads it. */
const VERSION = "DEPLOYED_VERSION";

/** Which version of each Worker is deployed, as configs that differ from the real ones in one variable. */
export class Versions {
  readonly #folder: string;
  readonly #versions = new Map(WORKER_CONFIGS.map((config): [string, number] => [config, 1]));

  /** @param folder an empty one, for the configs */
  constructor(folder: string) {
    this.#folder = folder;
  }

  raise({ config }: DeployedWorker): void {
    this.#versions.set(config, this.#of(config) + 1);
  }

  #of(config: string): number {
    return this.#versions.get(config) ?? 1;
  }

  /** The path of a Worker's config at its version. */
  configOf = (config: string): Promise<string> => {
    const version = this.#of(config);
    const path = join(this.#folder, `${config.replaceAll("/", "-")}-${version}.toml`);
    return copyConfig(config, path, (text) => text.replace("[vars]\n", `[vars]\n${VERSION} = "${version}"\n`));
  };

  /** Waits until every Worker runs the version that was deployed last: the runtime may still answer with the one before. */
  async running(stack: Stack): Promise<void> {
    const deadline = Date.now() + RUNNING_WITHIN_MS;
    for (;;) {
      const wrong = await this.#notRunning(stack);
      if (wrong.length === 0) return;
      if (Date.now() > deadline) throw new Error(`${wrong.join("; ")}.`);
      await wait(200);
    }
  }

  async #notRunning(stack: Stack): Promise<string[]> {
    const wrong = await Promise.all(
      ROLLOUT.map(async ({ config, name }) => {
        const running = (await stack.worker<Record<string, string>>(name).getEnv())[VERSION];
        const wanted = String(this.#of(config));
        return running === wanted ? [] : [`${name} runs version ${running}, and ${wanted} was deployed`];
      }),
    );
    return wrong.flat();
  }
}
