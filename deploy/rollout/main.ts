/**
 * `npm run deploy -- --env staging`: shows what would change, applies the migrations, and rolls out each Worker that
 * changed, step by step with a smoke test. docs/deploy.md.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "../../local/tool.ts";
import { contractProblems } from "../../scripts/released-contracts.ts";
import { accountOf } from "../account/account.ts";
import { findFrontDoor } from "../account/front-door.ts";
import { openSession, type Session } from "../account/session.ts";
import { installedWrangler } from "../account/wrangler.ts";
import { UsageError } from "../command/command-error.ts";
import { confirmed } from "../command/confirm.ts";
import { createProgress } from "../command/progress.ts";
import { named, runCommand } from "../command/run-command.ts";
import { type Environment, EnvironmentError, readEnvironment, readEnvironments } from "../environment.ts";
import { outdated, readConfigs } from "../tables/files.ts";
import { readWorkers, type Worker } from "../workers.ts";
import { buildAll, METRICS, transferringConfig } from "./builds.ts";
import { compareContracts } from "./contracts.ts";
import { interruptible, PUTS_BACK, sleepUntil } from "./interrupt.ts";
import { isTransferDue } from "./metrics-transfer.ts";
import { makePlan, type Plan, planLines } from "./plan.ts";
import { readRelease } from "./release.ts";
import { countSteps, rollOut } from "./rollout.ts";
import { smokeThrough } from "./smoke.ts";

const USAGE = `npm run deploy -- --env staging|production [options]
Shows what would change, applies the migrations, and rolls out each Worker that changed, with a smoke test at each step.

  --env                     the environment, a file of environments/
  --dry-run                 shows the plan, and changes nothing; without a login it only builds
  --only workers/api        that Worker alone; may be repeated
  --anew                    unchanged Workers too, so that the newest version is the one that serves
  --yes                     does not ask
  --no-smoke                without the smoke test: only errors of calls put back then
  --allow-contract-breaks   although records would be refused that are accepted now

  CONCORD_RELEASE           the release's name; otherwise the commit
  CONCORD_SMOKE_CREDENTIAL, CONCORD_TOKEN_KEY
                            what the smoke test needs: npm run smoke -- --help`;
const say = (line: string): void => console.log(line);

const NO_ADDRESS =
  "The account has no name under workers.dev yet. Open Workers in the dashboard once, or set front_door.address to a hostname. Nothing was changed.";

const readOptions = () =>
  parseArgs({
    options: {
      env: { type: "string" },
      only: { type: "string", multiple: true, default: [] },
      anew: { type: "boolean", default: false },
      "dry-run": { type: "boolean", default: false },
      yes: { type: "boolean", default: false },
      "no-smoke": { type: "boolean", default: false },
      "allow-contract-breaks": { type: "boolean", default: false },
    },
  }).values;

await runCommand(USAGE, async () => {
  const options = readOptions();
  const environment = readEnvironment(named(options.env));
  const workers = readWorkers(environment.name);
  checkOnly(options.only, workers);
  checkTables();
  const anonymous = accountOf(installedWrangler());
  const contents = await buildAll(anonymous, workers, environment, options["dry-run"], say);
  if (options["dry-run"] && !(await anonymous.whoAmI()).loggedIn) {
    say(`${environment.name}: every config builds. Nobody is logged in, so what would change is not known.`);
    return 0;
  }
  const session = await openSession(environment);
  const plan = await makePlan({
    ...{ account: session.account, environment, workers, release: readRelease(), only: options.only },
    isAnew: options.anew,
    contentOf: async ({ name }) => contents.get(name) ?? "",
    migrationFiles: readMigrationFiles(),
  });
  const url = await findFrontDoor(environment, workers, session.api);
  const problems = [...plan.problems, ...(await showPlan(plan, environment, session, url))];
  if (options["dry-run"]) return 0;
  if (plan.problems.length > 0 || (problems.length > 0 && !options["allow-contract-breaks"])) {
    say("\nNothing was changed.");
    return 1;
  }
  if (plan.chosen.length === 0 && plan.migrations.length === 0) {
    say(`\nNothing has to be done.${url ? ` Open ${url}` : ""}`);
    return 0;
  }
  if (!url) throw new UsageError(NO_ADDRESS);
  const smoke = options["no-smoke"] ? undefined : smokeThrough(url);
  if (!(await confirmed(`\nDeploy this to ${environment.name}?`, options.yes))) {
    say("Nothing was changed.");
    return 1;
  }
  const isTransfer = await needsTransfer(plan, environment, session);
  const signal = interruptible(say, PUTS_BACK);
  const deps = {
    ...{ account: session.account, environment, say, smoke, signal, sleep: sleepUntil(signal) },
    progress: createProgress(countSteps(plan, environment), say),
    firstConfig: async ({ worker }: { worker: Worker }) =>
      isTransfer && worker.folder === METRICS ? transferringConfig(environment) : worker.config,
  };
  if (!(await rollOut(deps, plan)).isDone) return 1;
  say(`\n${environment.name} runs ${plan.release}. Open ${url}`);
  return 0;
});

/** A key that was taken out of the environment's file would go on serving: wrangler reads the tables alone. */
function checkTables(): void {
  const problem = outdated(readConfigs(), readEnvironments());
  if (problem) throw new EnvironmentError(`${problem} Nothing was changed.`);
}

function checkOnly(only: readonly string[], workers: readonly Worker[]): void {
  const unknown = only.filter((folder) => !workers.some((worker) => worker.folder === folder));
  if (unknown.length === 0) return;
  throw new UsageError(
    `--only knows no ${unknown.join(", ")}; there are ${workers.map(({ folder }) => folder).join(", ")}.`,
  );
}

function readMigrationFiles(): string[] {
  const files = readdirSync(join(ROOT, "migrations"));
  return files.filter((file) => file.endsWith(".sql")).sort();
}

/** @returns what is wrong with the contracts, which `--allow-contract-breaks` lets pass */
async function showPlan(plan: Plan, environment: Environment, { id }: Session, url: URL | undefined) {
  const isDeployed = plan.workers.every(({ how }) => how !== "first");
  const contracts = await compareContracts(isDeployed ? url : undefined);
  const problems = [...contractProblems(Date.now()), ...contracts.problems];
  say(`\n${environment.name}, in account ${id}\n`);
  for (const line of planLines(plan, environment)) say(line);
  say(`\n  contracts: ${contracts.line}`);
  for (const problem of [...plan.problems, ...problems]) say(`\n${problem}`);
  return problems;
}

/** Asked only before the metrics Worker's first deployment: docs/decisions/0015-metrics-have-a-worker-of-their-own.md. */
async function needsTransfer({ chosen }: Plan, { name }: Environment, { wrangler }: Session): Promise<boolean> {
  const isFirst = chosen.some(({ worker, how }) => worker.folder === METRICS && how === "first");
  return isFirst && (await isTransferDue(wrangler, name));
}
