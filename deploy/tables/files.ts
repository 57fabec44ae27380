import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../local/tool.ts";
import { type Environment, inWords } from "../environment.ts";
import { type Configs, generateTables } from "./generate.ts";
import { configPathOf, WORKER_NAMES, type WorkerName } from "./workers.ts";

/** Where a Worker's wrangler.toml is. */
export const pathOf = (worker: WorkerName): string => join(ROOT, configPathOf(worker));

/** Every wrangler.toml as it is. */
export const readConfigs = (): Configs =>
  Object.fromEntries(WORKER_NAMES.map((worker) => [worker, readFileSync(pathOf(worker), "utf8")])) as Configs;

/**
 * Which tables are not what environments/*.toml say, in a sentence; `undefined` if none.
 * @throws EnvironmentError if none can be generated
 */
export function outdated(files: Configs, environments: readonly Environment[]): string | undefined {
  const generated = generateTables(files, environments);
  const paths = WORKER_NAMES.filter((worker) => generated[worker] !== files[worker]).map(configPathOf);
  if (paths.length === 0) return undefined;
  return `The tables of the environments in ${inWords(paths)} are out of date: run \`npm run generate\`.`;
}
