import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { runTool } from "../local/tool.ts";

/**
 * Deploys one environment: migrations first, then each Worker after those that it binds to. A step that fails stops the
 * rest, and what was deployed before it keeps running: every step is safe to run again.
 */
const ENVIRONMENTS = ["staging", "production"];
const WORKERS = ["workers/dlq", "workers/devices", "workers/ingest", "workers/api", "."];

const { values } = parseArgs({ options: { env: { type: "string" }, "dry-run": { type: "boolean", default: false } } });
const environment = values.env ?? "";
if (!ENVIRONMENTS.includes(environment)) {
  console.error(`Say where to: npm run deploy -- --env ${ENVIRONMENTS.join("|")} [--dry-run]`);
  process.exit(2);
}

const dryRun = values["dry-run"];

/** The same for all Workers, so that a dead letter's Worker version can be compared with any of them. */
const release = process.env.CONCORD_RELEASE ?? commitOf() ?? new Date().toISOString();

function commitOf(): string | undefined {
  // Not every machine that deploys has git, or the history.
  const { status, stdout } = spawnSync("git", ["describe", "--always", "--dirty"], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

const steps = [
  ...(dryRun
    ? []
    : [
        ["queues", "create", `concord-events-${environment}`],
        ["queues", "create", `concord-dead-letters-${environment}`],
        ["queues", "create", `concord-suspects-${environment}`],
      ].map((args) => ({ name: args.join(" "), args, mayExist: true }))),
  ...(dryRun
    ? []
    : [
        {
          name: "migrations",
          args: [
            "d1",
            "migrations",
            "apply",
            `concord-${environment}`,
            "--remote",
            "-c",
            "workers/ingest/wrangler.toml",
            "--env",
            environment,
          ],
          mayExist: false,
        },
      ]),
  ...WORKERS.map((folder) => ({
    name: folder === "." ? "front door" : folder,
    args: [
      "deploy",
      "-c",
      `${folder}/wrangler.toml`,
      "--env",
      environment,
      "--tag",
      release,
      ...(dryRun ? ["--dry-run"] : []),
    ],
    mayExist: false,
  })),
];

for (const [i, { name, args, mayExist }] of steps.entries()) {
  console.log(`[${i + 1}/${steps.length}] ${name}`);
  const { status, stdout, stderr } = runTool("wrangler", args, {
    env: { ...process.env, WRANGLER_SEND_METRICS: "false" },
  });
  const said = `${stdout}${stderr}`;
  if (status === 0 || (mayExist && /already (exists|taken)/i.test(said))) continue;
  console.error(said);
  console.error(`${name} failed, so the steps after it did not run. Mend it and run the same command again.`);
  process.exit(1);
}
console.log(dryRun ? `${environment}: every config builds.` : `${environment}: deployed.`);
