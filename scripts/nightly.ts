import { spawnSync } from "node:child_process";
import { readOptions } from "../local/options.ts";

/**
 * `npm run nightly -- --seed 7`: the randomised tests of `npm test`, run for an hour. All randomness comes from the one
 * seed, which is printed first and with each failure.
 */
const values = readOptions(
  `npm run nightly -- [--seed S]
The randomised tests of npm test for an hour, from one seed.`,
  { seed: { type: "string" } },
);
const seed = values.seed ?? String(Math.floor(Math.random() * 2 ** 31));
if (!/^\d{1,10}$/.test(seed)) {
  console.error(`--seed takes a whole number, not ${seed}.`);
  process.exit(2);
}

const STEPS = [
  {
    name: "property tests, 3,000 cases each or more, and parity over 10,000 devices",
    args: ["test", "--", "--project", "pure"],
  },
  { name: "simulation, 1,000 schedules", args: ["run", "simulate", "--", "--runs", "1000", "--seed", seed] },
  {
    name: "the bridge in front of REST proxies, 2,000 schedules",
    args: ["test", "--", "--project", "bridge", "schedules"],
  },
  { name: "the SDK's fakes beside the services, 600 worlds", args: ["test", "--", "--project", "api", "conformance"] },
  { name: "fuzz, 10,000 requests", args: ["run", "fuzz", "--", "--requests", "10000", "--seed", seed] },
  { name: "soak, five minutes", args: ["run", "soak", "--", "--minutes", "5", "--seed", seed] },
] as const;

console.log(`seed ${seed}`);
const failed: string[] = [];
for (const [i, { name, args }] of STEPS.entries()) {
  console.log(`\n── ${i + 1} of ${STEPS.length}: ${name}`);
  const startedAt = performance.now();
  const { status, error } = spawnSync("npm", ["--silent", ...args], {
    stdio: "inherit",
    shell: process.platform === "win32",
    env: {
      ...process.env,
      ...{ PROPERTY_RUNS: "3000", PROPERTY_SEED: seed, BRIDGE_SCHEDULES: "500", BRIDGE_SEED: seed },
      ...{ CONFORMANCE_WORLDS: "300", CONFORMANCE_SEED: seed },
      PARITY_DEVICES: "10000",
    },
  });
  const took = `${Math.round((performance.now() - startedAt) / 1000)} s`;
  if (error) console.error(`${name} could not be started: ${error.message}`);
  console.log(`── ${name}: ${status === 0 ? "passed" : "FAILED"} after ${took}`);
  if (status !== 0) failed.push(name);
}
if (failed.length > 0) {
  console.error(`\nFailed with seed ${seed}: ${failed.join("; ")}. \`npm run nightly -- --seed ${seed}\` repeats it.`);
  process.exitCode = 1;
} else console.log(`\nAll ${STEPS.length} passed with seed ${seed}.`);
