/**
 * `npm run deploy -- --env staging`: shows what would change, applies the migrations, and rolls out each Worker that
 * changed, step by step with a smoke test. docs/deploy.md.
 */
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "../../local/tool.ts";
import { contractProblems } from "../../scripts/released-contracts.ts";
import { type Account, accountOf } from "../account.ts";
import { createApi, credentialsOf } from "../cloudflare-api.ts";
import { confirmed } from "../confirm.ts";
import { type Environment, readEnvironment } from "../environment.ts";
import { findFrontDoor } from "../front-door.ts";
import { findAccount } from "../login.ts";
import { createProgress } from "../progress.ts";
import { runCommand, UsageError } from "../run-command.ts";
import { readWorkers, type Worker } from "../workers.ts";
import { installedWrangler } from "../wrangler.ts";
import { contentOf } from "./content.ts";
import { compareContracts } from "./contracts.ts";
import { interruptible, sleepUntil } from "./interrupt.ts";
import { isTransferDue, writeTransferringConfig } from "./metrics-transfer.ts";
import { makePlan, type Plan, planLines, titleOf } from "./plan.ts";
import { readRelease } from "./release.ts";
import { countSteps, rollOut } from "./rollout.ts";
import { smokeThrough } from "./smoke.ts";

const USAGE =
  "npm run deploy -- --env staging|production [--dry-run] [--only workers/api]… [--yes] [--no-smoke] [--allow-contract-breaks]";
const METRICS = "workers/metrics";
const say = (line: string): void => console.log(line);

await runCommand(USAGE, async () => {
  const options = readOptions();
  const environment = readEnvironment(options.env ?? "");
  const workers = readWorkers(environment.name);
  const strangers = options.only.filter((folder) => !workers.some((worker) => worker.folder === folder));
  if (strangers.length > 0) {
    throw new UsageError(
      `--only knows no ${strangers.join(", ")}; there are ${workers.map(({ folder }) => folder).join(", ")}.`,
    );
  }
  const anonymous = accountOf(installedWrangler());
  const contents = await buildAll(anonymous, workers, environment, options["dry-run"]);
  if (options["dry-run"] && !(await anonymous.whoAmI()).loggedIn) {
    say(`${environment.name}: every config builds. Nobody is logged in, so what would change is not known.`);
    return 0;
  }
  const id = await findAccount(anonymous, environment);
  const wrangler = installedWrangler({ CLOUDFLARE_ACCOUNT_ID: id });
  const account = accountOf(wrangler);
  const api = createApi({ account: id, credentials: await credentialsOf(wrangler) });
  const plan = await makePlan({
    ...{ account, environment, workers, release: readRelease(), only: options.only },
    contentOf: async ({ name }) => contents.get(name) ?? "",
    migrationFiles: readdirSync(join(ROOT, "migrations"))
      .filter((file) => file.endsWith(".sql"))
      .sort(),
  });
  const url = await findFrontDoor(environment, workers, api);
  const isDeployed = plan.workers.every(({ how }) => how !== "first");
  const contracts = await compareContracts(isDeployed ? url : undefined);
  say(`\n${environment.name}, in account ${id}\n`);
  for (const line of planLines(plan, environment)) say(line);
  say(`\n  contracts: ${contracts.line}`);
  const ofContracts = [...contractProblems(Date.now()), ...contracts.problems];
  const problems = [...plan.problems, ...(options["allow-contract-breaks"] ? [] : ofContracts)];
  for (const problem of problems) say(`\n${problem}`);
  if (options["dry-run"]) return 0;
  if (problems.length > 0) {
    say("\nNothing was changed.");
    return 1;
  }
  if (plan.chosen.length === 0 && plan.migrations.length === 0) {
    say(`\nNothing has to be done.${url ? ` Open ${url}` : ""}`);
    return 0;
  }
  if (!url)
    throw new UsageError(
      "The account has no name under workers.dev yet. Open Workers in the dashboard once, or set front_door.address to a hostname.",
    );
  const smoke = options["no-smoke"] ? undefined : smokeThrough(url);
  if (!(await confirmed(`\nDeploy this to ${environment.name}?`, options.yes))) {
    say("Nothing was changed.");
    return 1;
  }
  const isTransfer = await needsTransfer(plan, () => isTransferDue(wrangler, environment.name));
  const signal = interruptible(say);
  const deps = {
    ...{ account, environment, say, smoke, signal },
    progress: createProgress(countSteps(plan, environment), say),
    sleep: sleepUntil(signal),
    firstConfig: async ({ worker }: { worker: Worker }) =>
      isTransfer && worker.folder === METRICS ? writeTransfer(environment) : worker.config,
  };
  const { isDone } = await rollOut(deps, plan);
  if (!isDone) return 1;
  say(`\n${environment.name} runs ${plan.release}. Open ${url}`);
  return 0;
});

function readOptions() {
  return parseArgs({
    options: {
      env: { type: "string" },
      only: { type: "string", multiple: true, default: [] },
      "dry-run": { type: "boolean", default: false },
      yes: { type: "boolean", default: false },
      "no-smoke": { type: "boolean", default: false },
      "allow-contract-breaks": { type: "boolean", default: false },
    },
  }).values;
}

/** What each Worker would be deployed with, by its name. A dry run builds the metrics Worker both ways. */
async function buildAll(account: Account, workers: readonly Worker[], environment: Environment, isDryRun: boolean) {
  const contents = new Map<string, string>();
  const progress = createProgress(workers.length + (isDryRun ? 1 : 0), say);
  for (const worker of workers) {
    const content = await progress.step(`build ${titleOf(worker)}`, () => contentOf(account, worker, environment.name));
    contents.set(worker.name, content);
  }
  const metrics = workers.find(({ folder }) => folder === METRICS);
  if (isDryRun && metrics) {
    const config = writeTransfer(environment);
    await progress.step(`build ${METRICS}, with the counts of the dlq Worker`, () =>
      contentOf(account, { ...metrics, config }, environment.name),
    );
  }
  return contents;
}

function writeTransfer({ name }: Environment): string {
  const config = writeTransferringConfig(name);
  process.on("exit", () => rmSync(config, { force: true }));
  return config;
}

/** Asked only before the metrics Worker's first deployment: docs/decisions/0015-metrics-have-a-worker-of-their-own.md. */
async function needsTransfer({ chosen }: Plan, isDue: () => Promise<boolean>): Promise<boolean> {
  return chosen.some(({ worker, how }) => worker.folder === METRICS && how === "first") && (await isDue());
}
