import { spawn } from "node:child_process";
import { parseArgs } from "node:util";

/**
 * Runs simulated schedules: `npm run simulate -- --runs 1000 --seed 42`. A failure prints its seed and its path; given
 * back as `--seed … --path …` they run that one schedule again.
 */
const { values } = parseArgs({
  options: { runs: { type: "string", default: "1000" }, seed: { type: "string" }, path: { type: "string" } },
});
for (const [name, value] of Object.entries({ runs: values.runs, seed: values.seed })) {
  if (value === undefined || /^-?\d+$/.test(value)) continue;
  console.error(`--${name} takes a whole number, not ${value}.`);
  process.exit(2);
}

const seed = values.seed ?? String(Math.floor(Math.random() * 2 ** 31));
console.log(`${values.runs} schedules of 200 records, seed ${seed}`);
const run = spawn("vitest", ["run", "--project", "simulation", "--silent=false"], {
  stdio: "inherit",
  env: { ...process.env, SIMULATE_RUNS: values.runs, SIMULATE_SEED: seed, SIMULATE_PATH: values.path ?? "" },
});
run.on("exit", (code) => process.exit(code ?? 1));
