import { writeFileSync } from "node:fs";
import { EnvironmentError, inWords, readEnvironments } from "../environment.ts";
import { outdated, pathOf, readConfigs } from "./files.ts";
import { generateTables } from "./generate.ts";
import { WORKER_NAMES } from "./workers.ts";

/**
 * Writes the tables of all environments into each wrangler.toml. With `--check` it writes nothing, and fails if one is
 * not what environments/*.toml and the file's own top say.
 */
try {
  const files = readConfigs();
  const environments = readEnvironments();
  if (!process.argv.includes("--check")) {
    const generated = generateTables(files, environments);
    const changed = WORKER_NAMES.filter((worker) => generated[worker] !== files[worker]);
    for (const worker of changed) writeFileSync(pathOf(worker), generated[worker]);
    const names = inWords(environments.map(({ name }) => name));
    console.log(`The tables of ${names} are written: ${changed.length} files changed.`);
  } else {
    const problem = outdated(files, environments);
    if (problem) console.error(problem);
    process.exitCode = problem ? 1 : 0;
  }
} catch (thrown) {
  if (!(thrown instanceof EnvironmentError)) throw thrown;
  console.error(thrown.message);
  process.exitCode = 1;
}
