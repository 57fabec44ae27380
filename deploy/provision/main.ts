/**
 * `npm run provision -- --env staging`: makes what an environment needs in a Cloudflare account, and says what is left to
 * do. docs/deploy.md begins with it.
 */
import { parseArgs } from "node:util";
import { openSession } from "../account/session.ts";
import { named, runCommand } from "../command/run-command.ts";
import { type DatabaseSection, readEnvironment, writeDatabaseId } from "../environment.ts";
import { readWorkers } from "../workers.ts";
import { checkAccess } from "./access.ts";
import { provision } from "./provision.ts";
import { readSecretsFile } from "./secrets-file.ts";
import { regenerateTables } from "./tables.ts";

const USAGE = `npm run provision -- --env staging|production [--secrets FILE|-] [--dry-run]
Makes the databases, the queues and the bucket that an environment lacks, sets secrets, and says what is left to do.

  --env       the environment, a file of environments/
  --secrets   a JSON file outside of the repository with secrets by their names, or - for the process' input
  --dry-run   shows what would be done, and does nothing`;

await runCommand(USAGE, async () => {
  const { values } = parseArgs({
    options: {
      env: { type: "string" },
      secrets: { type: "string" },
      "dry-run": { type: "boolean", default: false },
    },
  });
  const environment = readEnvironment(named(values.env));
  const secrets = values.secrets === undefined ? undefined : readSecretsFile(values.secrets);
  const { id, account, api } = await openSession(environment);
  const workers = readWorkers(environment.name);
  const say = (line: string) => console.log(line);
  say(`${environment.name}, in account ${id}\n`);
  const deps = {
    ...{ account, api, environment, workers, say },
    writeDatabaseId: (section: DatabaseSection, databaseId: string) => {
      writeDatabaseId(environment.name, section, databaseId);
      regenerateTables();
    },
  };
  const done = await provision(deps, { isDryRun: values["dry-run"], secrets });
  if (done === "refused") return 1;
  await checkAccess(deps);
  if (done === "ready") say(`\nNext: npm run deploy -- --env ${environment.name}`);
  return 0;
});
