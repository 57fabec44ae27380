import type { Account } from "../account/account.ts";
import type { CloudflareApi } from "../account/cloudflare-api.ts";
import { readSecretItems, type SecretItem, signInProblem } from "../account/secret-items.ts";
import { createProgress, type Say } from "../command/progress.ts";
import type { DatabaseSection, Environment } from "../environment.ts";
import type { Worker } from "../workers.ts";
import { type Change, findDifference, type Item } from "./difference.ts";
import { secretProblems } from "./secret-problems.ts";
import { checklist, SecretsError, type Values } from "./secrets-file.ts";

export type ProvisionDeps = {
  readonly account: Account;
  readonly api: CloudflareApi;
  readonly environment: Environment;
  readonly workers: readonly Worker[];
  readonly say: Say;
  /** Writes an id into environments/*.toml, and generates the tables that follow from it. */
  readonly writeDatabaseId: (section: DatabaseSection, id: string) => void | Promise<void>;
};

export type ProvisionOptions = {
  readonly isDryRun: boolean;
  /** New values of secrets, by their names. */
  readonly secrets: Values | undefined;
};

/** `ready`: all is there. `waiting`: something is left for a human. `refused`: nothing was changed. */
export type Provisioned = "ready" | "waiting" | "refused";

/**
 * Makes what an environment lacks, and nothing else: a second run finds nothing to do.
 * @throws SecretsError for a value that its Worker could not read: nothing was changed
 * @throws WranglerError, CloudflareApiError: what was made before stays, and the next run goes on from there
 */
export async function provision(deps: ProvisionDeps, { isDryRun, secrets }: ProvisionOptions): Promise<Provisioned> {
  const { account, environment, say, workers } = deps;
  const problems = secretProblems(environment, secrets ?? {});
  if (problems.length > 0) throw new SecretsError(`${problems.join("; ")}. Nothing was changed.`);
  const items = await findDifference(deps);
  const secretItems = await readSecretItems(account, workers);
  for (const line of table(items)) say(line);
  const stuck = items.filter(({ state, change }) => state === "differs" && !change);
  if (stuck.length > 0) {
    say(`\nOnly you can decide about ${stuck.map(({ what }) => what).join(", ")}. Nothing was changed.`);
    return "refused";
  }
  const changes = items.flatMap(({ change }) => change ?? []);
  const puts = secrets ? putsOf(secretItems, secrets) : [];
  const total = changes.length + puts.length;
  if (isDryRun)
    say(total === 0 ? "\nNothing would be done." : `\nA run would do ${total} of these; this one did nothing.`);
  else await make(deps, changes, puts, total);
  return sayLeft(deps, isDryRun ? secretItems : withPuts(secretItems, puts));
}

/** The items as they are once these secrets are set. */
const withPuts = (items: readonly SecretItem[], puts: readonly Put[]): readonly SecretItem[] =>
  items.map((item) => ({
    ...item,
    isSet: item.isSet || puts.some(({ worker, values }) => worker === item.worker && item.secret.name in values),
  }));

/** What a human has to do before the first deployment. */
function sayLeft({ environment, say }: ProvisionDeps, items: readonly SecretItem[]): Provisioned {
  say("\nSecrets");
  for (const line of checklist(items)) say(line);
  const left = [...missingSecrets(items), ...(signInProblem(environment, items) ?? [])];
  for (const line of left) say(`\n${line}`);
  return left.length === 0 ? "ready" : "waiting";
}

async function make(deps: ProvisionDeps, changes: readonly Change[], puts: readonly Put[], total: number) {
  const { account, say } = deps;
  if (total === 0) {
    say("\nNothing has to be done.");
    return;
  }
  say("");
  const progress = createProgress(total, say);
  for (const change of changes) await progress.step(describe(change), () => apply(deps, change));
  for (const { worker, values } of puts) {
    const names = Object.keys(values).join(", ");
    await progress.step(`${names} of ${worker.folder}`, () =>
      account.putSecrets(worker, values).catch((thrown) => explain(deps, worker, thrown)),
    );
  }
}

/** After a rollback the newest version does not serve, and the platform makes no other of it by a secret. */
function explain({ environment, say }: ProvisionDeps, { folder }: Worker, thrown: unknown): never {
  if (/isn't currently deployed|\[code: 10215\]/.test(String(thrown))) {
    say(
      `  The newest version of ${folder} does not serve, and Cloudflare sets no secret then. From the commit that serves, \`npm run deploy -- --env ${environment.name} --only ${folder} --anew\` makes it the newest. Then run this again.`,
    );
  }
  throw thrown;
}

type Put = { readonly worker: Worker; readonly values: Values };

/** One call for each Worker: each makes a version of it, and is in use at once. */
function putsOf(items: readonly SecretItem[], values: Values): Put[] {
  return [...new Set(items.map(({ worker }) => worker))].flatMap((worker) => {
    const names = items.filter((item) => item.worker === worker).map(({ secret }) => secret.name);
    const own = Object.entries(values).filter(([name]) => names.includes(name));
    return own.length === 0 ? [] : [{ worker, values: Object.fromEntries(own) }];
  });
}

function missingSecrets(items: readonly SecretItem[]): string[] {
  const missing = items.filter(({ secret, isSet }) => secret.isRequired && !isSet).map(({ secret }) => secret.name);
  if (missing.length === 0) return [];
  const names = [...new Set(missing)];
  return [
    `${names.join(", ")} is missing. Write a JSON file outside of the repository, as {"${names[0]}": …}, and run this again with \`--secrets FILE\`, or with \`--secrets -\` and the file as its input. Then delete the file.`,
  ];
}

async function apply({ account, api, environment, writeDatabaseId }: ProvisionDeps, change: Change): Promise<void> {
  const idOf = async (name: string): Promise<string> => {
    const found = (await account.listDatabases()).find((each) => each.name === name);
    if (found) return found.uuid;
    throw new Error(`${name} was made, and the account does not list it yet. Run the same command again.`);
  };
  switch (change.kind) {
    case "create-database":
      await account.createDatabase(change.name, environment.database);
      await writeDatabaseId(change.section, await idOf(change.name));
      break;
    case "write-database-id":
      await writeDatabaseId(change.section, change.id);
      break;
    case "set-replication":
      await api.setReadReplication(await idOf(change.name), change.mode);
      break;
    case "create-queue":
      await account.createQueue(change.name);
      break;
    case "create-bucket":
      await account.createBucket(change.name, environment.archive);
      break;
    default:
      change satisfies never;
  }
}

function describe(change: Change): string {
  switch (change.kind) {
    case "create-database":
      return `database ${change.name}, and its id into the file`;
    case "write-database-id":
      return `the id of ${change.name} into the file`;
    case "set-replication":
      return `read replication of ${change.name}: ${change.mode}`;
    case "create-queue":
      return `queue ${change.name}`;
    case "create-bucket":
      return `bucket ${change.name}`;
  }
}

const WORDS = { exists: "exists", missing: "will be made", differs: "differs" };

function table(items: readonly Item[]): string[] {
  const width = Math.max(...items.map(({ what }) => what.length));
  return items.map(({ what, state, note, change }) => {
    const word = change?.kind === "set-replication" && state === "differs" ? "will be changed" : WORDS[state];
    return `  ${what.padEnd(width)}  ${word}${note ? ` (${note})` : ""}`;
  });
}
