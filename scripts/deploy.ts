import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { runTool } from "../local/tool.ts";
import { isTransferDue, type Ran, writeTransferringConfig } from "./metrics-transfer.ts";

/** Each Worker comes after those that it binds to. */
export const DEPLOY_ORDER = [
  "workers/metrics",
  "workers/devices",
  "workers/ingest",
  "workers/dlq",
  "workers/api",
  ".",
] as const;

const ENVIRONMENTS = ["staging", "production"];

if (import.meta.main) {
  const { values } = parseArgs({
    options: { env: { type: "string" }, "dry-run": { type: "boolean", default: false } },
  });
  const { env = "", "dry-run": dryRun } = values;
  if (!ENVIRONMENTS.includes(env)) {
    console.error(`Say where to: npm run deploy -- --env ${ENVIRONMENTS.join("|")} [--dry-run]`);
    process.exit(2);
  }
  await deploy(env, dryRun);
}

/**
 * Deploys one environment: migrations first, then the Workers. A step that fails stops the rest, and what was deployed
 * before it keeps running. Every step is safe to repeat.
 */
async function deploy(environment: string, dryRun: boolean): Promise<void> {
  const steps = await planSteps(environment, dryRun);
  for (const [i, { name, args, mayExist }] of steps.entries()) {
    console.log(`[${i + 1}/${steps.length}] ${name}`);
    const { isDone, said } = wrangler(args);
    if (isDone || (mayExist && /already (exists|taken)/i.test(said))) continue;
    console.error(said);
    console.error(`${name} failed, so the steps after it did not run. Mend it and run the same command again.`);
    process.exit(1);
  }
  console.log(dryRun ? `${environment}: every config builds.` : `${environment}: deployed.`);
}

type Step = { readonly name: string; readonly args: readonly string[]; readonly mayExist?: boolean };

async function planSteps(environment: string, dryRun: boolean): Promise<Step[]> {
  const release = readRelease();
  const deploying = (name: string, config: string): Step => ({
    name,
    args: ["deploy", "-c", config, "--env", environment, "--tag", release, ...(dryRun ? ["--dry-run"] : [])],
  });
  const workers = DEPLOY_ORDER.map((folder) =>
    deploying(folder === "." ? "front door" : folder, `${folder}/wrangler.toml`),
  );
  const takingOver = () => {
    const config = writeTransferringConfig(environment);
    process.on("exit", () => rmSync(config, { force: true }));
    return deploying("workers/metrics, with the counts of the dlq Worker", config);
  };
  // A dry run asks no account, so it builds the metrics Worker both ways.
  if (dryRun) return [takingOver(), ...workers];
  const [, ...others] = workers;
  return [
    ...["concord-events", "concord-backfill", "concord-dead-letters", "concord-suspects"].map((queue) =>
      creating(`${queue}-${environment}`),
    ),
    migrating(environment),
    ...((await isDue(environment)) ? [takingOver(), ...others] : workers),
  ];
}

function creating(queue: string): Step {
  const args = ["queues", "create", queue];
  return { name: args.join(" "), args, mayExist: true };
}

function migrating(environment: string): Step {
  const database = ["d1", "migrations", "apply", `concord-${environment}`, "--remote"];
  return { name: "migrations", args: [...database, "-c", "workers/ingest/wrangler.toml", "--env", environment] };
}

async function isDue(environment: string): Promise<boolean> {
  try {
    return await isTransferDue(wrangler, environment);
  } catch (thrown) {
    console.error(String(thrown));
    console.error("So it is not known where the counts are, and nothing was deployed. Run the same command again.");
    process.exit(1);
  }
}

/** The same for all Workers, so that a dead letter's Worker version can be compared with any of them. */
function readRelease(): string {
  return process.env.CONCORD_RELEASE ?? readCommit() ?? new Date().toISOString();
}

function readCommit(): string | undefined {
  // Not every machine that deploys has git, or the history.
  const { status, stdout } = spawnSync("git", ["describe", "--always", "--dirty"], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

function wrangler(args: readonly string[]): Ran {
  const { status, stdout, stderr } = runTool("wrangler", args, {
    env: { ...process.env, WRANGLER_SEND_METRICS: "false" },
  });
  return { isDone: status === 0, stdout, said: `${stdout}${stderr}` };
}
