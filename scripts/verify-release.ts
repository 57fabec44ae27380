import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readOptions } from "../local/options.ts";
import { ROOT, run } from "../local/tool.ts";

/**
 * Runs what a release rests on, in a clean clone of the last commit: `npm run verify:release`. An account is played by
 * a stand-in of wrangler, and what is deployed to it by a local stack. The last line is `N passed, N failed`.
 */
const USAGE = `npm run verify:release -- [--here] [--sockets 500]
Runs what a release rests on, in a clean clone of the last commit.

  --here      in this folder, with what is not committed, and without npm ci
  --sockets   how many are open while each Worker is replaced`;

const values = readOptions(USAGE, {
  here: { type: "boolean", default: false },
  sockets: { type: "string", default: "500" },
});

type Step = { readonly name: string; readonly command: readonly string[]; readonly minutes: number };

const vitest = (project: string, ...files: string[]) => ["npx", "vitest", "run", "--project", project, ...files];

const STEPS: readonly Step[] = [
  { name: "install", command: ["npm", "ci", "--no-audit", "--no-fund"], minutes: 10 },
  { name: "generated files", command: ["npm", "run", "--silent", "generate:check"], minutes: 10 },
  ...["staging", "production"].map((env) => ({
    name: `every config of ${env} builds`,
    command: ["npm", "run", "--silent", "deploy", "--", "--env", env, "--dry-run"],
    minutes: 10,
  })),
  {
    name: "provision, deploy, roll back, and repeat, each call checked against wrangler's help",
    command: vitest("deploy", "--exclude", "**/{smoke,verify-release}.test.ts"),
    minutes: 15,
  },
  {
    name: "the installed wrangler has that help, and its answers are what is read",
    command: ["npm", "run", "--silent", "test:wrangler"],
    minutes: 10,
  },
  {
    name: "a release with the real smoke test: deployed, broken and put back, repaired, rolled back",
    command: vitest("deploy", "test/deploy/verify-release.test.ts"),
    minutes: 15,
  },
  {
    name: "the smoke test finds each kind of broken platform",
    command: vitest("deploy", "test/deploy/smoke.test.ts"),
    minutes: 15,
  },
  {
    name: "the wiring of every environment, by the smoke test",
    command: vitest("flow", "test/flow/environments.test.ts"),
    minutes: 15,
  },
  {
    name: `a deployment while ${values.sockets} sockets are open`,
    command: ["npm", "run", "--silent", "deploy:under-load", "--", "--sockets", values.sockets],
    minutes: 30,
  },
];

const folder = values.here ? ROOT : cloneOfHead();
const steps = values.here ? STEPS.filter(({ name }) => name !== "install") : STEPS;
console.log(`${steps.length} steps, in ${folder}`);
const failed: string[] = [];
for (const [i, step] of steps.entries()) {
  console.log(`\n── ${i + 1} of ${steps.length}: ${step.name}\n   ${step.command.join(" ")}`);
  const startedAt = performance.now();
  const isPassed = await passes(step);
  if (!isPassed) failed.push(step.name);
  console.log(`── ${isPassed ? "passed" : "FAILED"} after ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`);
}
for (const name of failed) console.error(`failed: ${name}`);
console.log(`\n${steps.length - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;

/** What is not committed is in no release. */
function cloneOfHead(): string {
  const scratch = mkdtempSync(join(tmpdir(), "concord-release-"));
  process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));
  const clone = join(scratch, "concord");
  const { status, stderr } = run("git", ["clone", "--quiet", "--no-hardlinks", ROOT, clone]);
  if (status !== 0) throw new Error(`git could not clone ${ROOT}: ${stderr}`);
  return clone;
}

/** @returns false also if the step takes longer than it may */
async function passes({ command: [program = "", ...args], minutes }: Step): Promise<boolean> {
  const child = spawn(program, args, {
    cwd: folder,
    // Only the shell starts npm on Windows.
    shell: process.platform === "win32",
    stdio: ["ignore", "inherit", "inherit"],
    // The commands of the clone are those of its own packages.
    env: { ...process.env, PWD: folder, CI: "true", WRANGLER_SEND_METRICS: "false" },
    timeout: minutes * 60_000,
  });
  return new Promise((resolve) => {
    child.on("error", () => resolve(false));
    child.on("exit", (code) => resolve(code === 0));
  });
}
