import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import { readOptions } from "../local/options.ts";
import { ROOT, runTool, toolPath } from "../local/tool.ts";
import { KEEP_MARK, type KeptSchedule } from "../test/simulation/kept.ts";

/**
 * Runs simulated schedules: `npm run simulate -- --runs 1000 --seed 42`. A failure prints its seed and its path; passed
 * as `--seed … --path …`, they repeat that one schedule. The shrunk schedule is written to a file, and is a test from
 * then on.
 */
const values = readOptions(
  `npm run simulate -- [--runs 1000] [--seed S] [--path P]
Drawn schedules of deliveries and faults; a failure prints the seed and the path that repeat it.`,
  { runs: { type: "string", default: "1000" }, seed: { type: "string" }, path: { type: "string" } },
);
for (const [name, value] of Object.entries({ runs: values.runs, seed: values.seed })) {
  if (value === undefined || /^-?\d+$/.test(value)) continue;
  console.error(`--${name} takes a whole number, not ${value}.`);
  process.exit(2);
}

const seed = values.seed ?? String(Math.floor(Math.random() * 2 ** 31));
console.log(`${values.runs} schedules of 200 records, seed ${seed}`);
// Without interception, the console's lines are printed without the name of the test above each.
const options = ["run", "--project", "simulation", "--silent=false", "--disable-console-intercept"];
const run = spawn(process.execPath, [toolPath("vitest"), ...options], {
  stdio: ["inherit", "pipe", "inherit"],
  env: {
    ...process.env,
    ...(process.stdout.isTTY && { FORCE_COLOR: "1" }),
    SIMULATE_RUNS: values.runs,
    SIMULATE_SEED: seed,
    SIMULATE_PATH: values.path ?? "",
  },
});
const ended = new Promise<number>((resolve, reject) =>
  run.on("error", reject).on("close", (code) => resolve(code ?? 1)),
);
for await (const line of createInterface(run.stdout)) {
  if (line.startsWith(KEEP_MARK)) keep(JSON.parse(line.slice(KEEP_MARK.length)));
  else console.log(line);
}
process.exitCode = await ended;

function keep(schedule: KeptSchedule): void {
  const [what = ""] = schedule.found.split(":");
  const name = `${what.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}-${schedule.seed}.json`;
  const file = join(ROOT, "test/simulation/kept", name);
  writeFileSync(file, JSON.stringify(schedule));
  const { status, stderr } = runTool("@biomejs/biome", ["format", "--write", file]);
  if (status !== 0) console.error(stderr);
  console.log(`The shortest schedule that shows it is kept in ${relative(".", file)}: npm test runs it from now on.`);
}
