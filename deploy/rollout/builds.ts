import { rmSync } from "node:fs";
import type { Account } from "../account/account.ts";
import { createProgress, type Say } from "../command/progress.ts";
import type { Environment } from "../environment.ts";
import type { Worker } from "../workers.ts";
import { contentOf } from "./content.ts";
import { writeTransferringConfig } from "./metrics-transfer.ts";
import { titleOf } from "./plan.ts";

export const METRICS = "workers/metrics";

/**
 * What each Worker would be deployed with, by its name. A dry run builds the metrics Worker both ways, since it may have
 * no account to ask which.
 * @throws WranglerError of the first that does not build
 */
export async function buildAll(
  account: Pick<Account, "build">,
  workers: readonly Worker[],
  environment: Environment,
  isDryRun: boolean,
  say: Say,
): Promise<ReadonlyMap<string, string>> {
  const contents = new Map<string, string>();
  const progress = createProgress(workers.length + (isDryRun ? 1 : 0), say);
  for (const worker of workers) {
    const content = await progress.step(`build ${titleOf(worker)}`, () => contentOf(account, worker, environment.name));
    contents.set(worker.name, content);
  }
  const metrics = workers.find(({ folder }) => folder === METRICS);
  if (isDryRun && metrics) {
    const config = transferringConfig(environment);
    await progress.step(`build ${METRICS}, with the counts of the dlq Worker`, () =>
      contentOf(account, { ...metrics, config }, environment.name),
    );
  }
  return contents;
}

/** Writes the config with which the metrics Worker takes over its objects; it is removed when the process ends. */
export function transferringConfig({ name }: Environment): string {
  const config = writeTransferringConfig(name);
  process.on("exit", () => rmSync(config, { force: true }));
  return config;
}
