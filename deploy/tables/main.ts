import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../local/tool.ts";
import { EnvironmentError, environmentNames, inWords, readEnvironment } from "../environment.ts";
import { type Configs, generateTables } from "./generate.ts";
import { configPathOf, WORKER_NAMES } from "./workers.ts";

/**
 * Writes the tables of all environments into each wrangler.toml. With `--check` it writes nothing, and fails if one is
 * not what environments/*.toml and the file's own top say.
 */
const pathOf = (worker: (typeof WORKER_NAMES)[number]): string => join(ROOT, configPathOf(worker));

try {
  const files = Object.fromEntries(WORKER_NAMES.map((each) => [each, readFileSync(pathOf(each), "utf8")])) as Configs;
  const names = environmentNames();
  const generated = generateTables(files, names.map(readEnvironment));
  const changed = WORKER_NAMES.filter((worker) => generated[worker] !== files[worker]);
  if (!process.argv.includes("--check")) {
    for (const worker of changed) writeFileSync(pathOf(worker), generated[worker]);
    console.log(`The tables of ${inWords(names)} are written: ${changed.length} files changed.`);
  } else if (changed.length > 0) {
    const paths = inWords(changed.map(configPathOf));
    console.error(`The tables of the environments in ${paths} are out of date: run \`npm run generate\`.`);
    process.exitCode = 1;
  }
} catch (thrown) {
  if (!(thrown instanceof EnvironmentError)) throw thrown;
  console.error(thrown.message);
  process.exitCode = 1;
}
