/**
 * `npm run rollback -- --env staging`: puts every Worker back to the version that it had in the release before.
 * docs/deploy.md.
 */
import { parseArgs } from "node:util";
import { findFrontDoor } from "../account/front-door.ts";
import { openSession } from "../account/session.ts";
import { UsageError } from "../command/command-error.ts";
import { confirmed } from "../command/confirm.ts";
import { createProgress } from "../command/progress.ts";
import { named, runCommand } from "../command/run-command.ts";
import { readEnvironment } from "../environment.ts";
import { readWorkers } from "../workers.ts";
import { GOES_ON, interruptible, sleepUntil } from "./interrupt.ts";
import { planRollback, rollBack, rollbackLines } from "./rollback.ts";
import { smokeThrough } from "./smoke.ts";

const USAGE = `npm run rollback -- --env staging|production [options]
Puts every Worker back to the version that it had in the release before, and runs the smoke test.

  --env        the environment, a file of environments/
  --to         a release that was deployed, as v1.4.0; otherwise the one before
  --dry-run    shows what would go back, and changes nothing
  --yes        does not ask
  --no-smoke   without the smoke test

  CONCORD_SMOKE_CREDENTIAL, CONCORD_TOKEN_KEY
               what the smoke test needs: npm run smoke -- --help`;
const say = (line: string): void => console.log(line);

await runCommand(USAGE, async () => {
  const { values } = parseArgs({
    options: {
      env: { type: "string" },
      to: { type: "string" },
      "dry-run": { type: "boolean", default: false },
      yes: { type: "boolean", default: false },
      "no-smoke": { type: "boolean", default: false },
    },
  });
  const environment = readEnvironment(named(values.env));
  const workers = readWorkers(environment.name);
  const { id, account, api } = await openSession(environment);
  const plan = await planRollback(account, workers, values.to);
  say(`${environment.name}, in account ${id}\n`);
  for (const line of rollbackLines(plan)) say(line);
  const moving = plan.returns.filter(({ to }) => to !== undefined);
  if (values["dry-run"] || moving.length === 0) {
    say(moving.length === 0 ? "\nNothing has to be done." : "\nNothing was changed.");
    return 0;
  }
  const url = await findFrontDoor(environment, workers, api);
  if (!url)
    throw new UsageError(
      "The account has no name under workers.dev, so nothing of Concord can answer. Nothing was changed.",
    );
  const smoke = values["no-smoke"] ? undefined : smokeThrough(url);
  if (!(await confirmed(`\nRoll ${environment.name} back?`, values.yes))) {
    say("Nothing was changed.");
    return 1;
  }
  const signal = interruptible(say, GOES_ON);
  const progress = createProgress(moving.length, say);
  await rollBack({ account, environment, say, smoke, progress, sleep: sleepUntil(signal) }, plan);
  say(`\n${environment.name} runs ${plan.to}. Open ${url}`);
  return 0;
});
