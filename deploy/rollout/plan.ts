import { type Account, isPlaceholderVersion, type Version } from "../account/account.ts";
import { readSecretItems, signInProblem } from "../account/secret-items.ts";
import { type Database, databasesOf } from "../databases.ts";
import { type Environment, inWords, isPlaceholder } from "../environment.ts";
import { FRONT_DOOR, type Worker } from "../workers.ts";
import { noteOf, releaseOf } from "./note.ts";
import { isDraft, isOurs, readServed, type Served } from "./served.ts";

/** What is done with one Worker. */
export type WorkerPlan = {
  readonly worker: Worker;
  readonly content: string;
  readonly how:
    | "unchanged" // it serves this content already
    | "finish" // it does, and a run that stopped left its triggers or its mark
    | "first" // no version of it was ever deployed
    | "objects" // a migration of Durable Objects, which no version can carry
    | "gradual"; // one version beside the other
  readonly served: Served | undefined;
  /** Bindings and variables that the new version has and the old has not, and the other way round. */
  readonly bindings: { readonly added: readonly string[]; readonly removed: readonly string[] };
};

export type Plan = {
  readonly release: string;
  /** Databases that lack migrations. */
  readonly migrations: readonly Migrations[];
  /** Every Worker, each after those that it binds to. */
  readonly workers: readonly WorkerPlan[];
  /** Those that this run deploys: all that are not unchanged, or what `--only` names of them. */
  readonly chosen: readonly WorkerPlan[];
  /** Workers that do not exist yet, and that one of those binds to: each gets a placeholder before. */
  readonly placeholders: readonly Placeholder[];
  /** Why nothing may be deployed as it is: each a sentence that says what to do. */
  readonly problems: readonly string[];
};

export type Migrations = {
  readonly database: Database;
  /** Files of migrations/ that are not applied, in their order; all of them while there is no database of ours. */
  readonly files: readonly string[];
};

export type Placeholder = { readonly of: WorkerPlan; readonly boundBy: readonly Worker[] };

export type Planning = {
  readonly account: Account;
  readonly environment: Environment;
  readonly workers: readonly Worker[];
  readonly release: string;
  readonly contentOf: (worker: Worker) => Promise<string>;
  /** Names of the files in migrations/, in their order. */
  readonly migrationFiles: readonly string[];
  /** Folders of Workers; empty for all. */
  readonly only: readonly string[];
  /** Deploys them although they are unchanged: then their newest version is the one that serves. */
  readonly isAnew?: boolean;
};

/** Reads the account and builds each Worker. It changes nothing, except that wrangler makes D1's table of migrations. */
export async function makePlan(planning: Planning): Promise<Plan> {
  const { account, environment, workers, release, only } = planning;
  const databaseProblems: string[] = [];
  const migrations: Migrations[] = [];
  for (const database of databasesOf(environment, workers)) {
    const problem = await wrongDatabase(planning, database);
    if (problem !== undefined) databaseProblems.push(problem);
    const files =
      problem === undefined
        ? await account.pendingMigrations(database.name, database.owner, environment.name, planning.migrationFiles)
        : planning.migrationFiles;
    if (files.length > 0) migrations.push({ database, files });
  }
  const plans: WorkerPlan[] = [];
  for (const worker of workers) plans.push(await planWorker(planning, worker));
  const changed = plans.filter(({ how }) => how !== "unchanged");
  const chosen = only.length === 0 ? changed : changed.filter(({ worker }) => only.includes(worker.folder));
  const problems = [
    ...databaseProblems,
    ...(await missingBuckets(planning, chosen)),
    ...strangers(plans, environment),
    ...(await missingSecrets(planning, chosen)),
    ...(await noWayIn(planning)),
    ...leftOut(changed, chosen),
  ];
  return {
    release,
    migrations,
    workers: plans,
    chosen,
    placeholders: placeholdersFor(plans, chosen),
    problems,
  };
}

/** The account refuses a binding to a Worker that it does not have. */
function placeholdersFor(plans: readonly WorkerPlan[], chosen: readonly WorkerPlan[]): Placeholder[] {
  return plans.flatMap((of) => {
    const isThere = of.how !== "first" || (of.served !== undefined && isPlaceholderVersion(of.served.version));
    const boundBy = chosen
      .map(({ worker }) => worker)
      .filter(({ late }) => late.some(({ to }) => to === of.worker.name));
    return isThere || boundBy.length === 0 ? [] : [{ of, boundBy }];
  });
}

/** By the id alone wrangler would migrate another environment's database, and the Workers would write to it. */
async function wrongDatabase({ account, environment }: Planning, { name, id }: Database): Promise<string | undefined> {
  if (isPlaceholder(id)) return `${name} was never made. Run \`npm run provision -- --env ${environment.name}\` first.`;
  const found = (await account.listDatabases()).find(({ uuid }) => uuid === id.toLowerCase());
  if (found?.name === name) return undefined;
  const whose = found ? `that is the database ${found.name}, and not ${name}` : "the account has no such database";
  return `environments/${environment.name}.toml names ${id}: ${whose}. \`npm run provision -- --env ${environment.name}\` says which it is.`;
}

/** The account refuses a binding to a bucket that it does not have. */
async function missingBuckets({ account, environment }: Planning, chosen: readonly WorkerPlan[]): Promise<string[]> {
  const problems: string[] = [];
  for (const name of new Set(chosen.flatMap(({ worker }) => worker.buckets))) {
    if (await account.hasBucket(name, environment.archive)) continue;
    const command = `npm run provision -- --env ${environment.name}`;
    problems.push(
      `The bucket ${name} was never made. Run \`${command}\` first, or set \`enabled = false\` in [archive] of environments/${environment.name}.toml and run \`npm run generate\`.`,
    );
  }
  return problems;
}

async function planWorker({ account, contentOf, only, isAnew = false }: Planning, worker: Worker): Promise<WorkerPlan> {
  const content = await contentOf(worker);
  const served = await readServed(account, worker);
  const isNamed = only.length === 0 || only.includes(worker.folder);
  const how = howOf(worker, content, served, isAnew && isNamed);
  return { worker, content, served, how, bindings: bindingsOf(worker, served?.version) };
}

function howOf(worker: Worker, content: string, served: Served | undefined, isAnew: boolean): WorkerPlan["how"] {
  if (!served || isDraft(served.version)) return "first";
  const isSame = !isAnew && noteOf(served.origin)?.content === content;
  if (isSame) return served.isComplete && !served.rolling ? "unchanged" : "finish";
  const applied = served.version.resources?.script_runtime?.migration_tag;
  return worker.migrationTag !== undefined && worker.migrationTag !== applied ? "objects" : "gradual";
}

function bindingsOf({ bindings }: Worker, version: Version | undefined): WorkerPlan["bindings"] {
  const had = (version?.resources?.bindings ?? [])
    .filter(({ type }) => type !== "secret_text")
    .flatMap(({ name }) => name ?? []);
  return {
    added: bindings.filter((name) => !had.includes(name)),
    removed: had.filter((name) => !bindings.includes(name)),
  };
}

function strangers(plans: readonly WorkerPlan[], { name: environment }: Environment): string[] {
  return plans.flatMap(({ worker, served }) => {
    if (!served || isDraft(served.version) || isOurs(served.version, environment)) return [];
    return [`The account has a Worker ${worker.name} that is not Concord's ${environment}. Rename or delete it first.`];
  });
}

async function missingSecrets({ account, environment }: Planning, chosen: readonly WorkerPlan[]): Promise<string[]> {
  const needing = chosen.map(({ worker }) => worker).filter(({ requiredSecrets }) => requiredSecrets.length > 0);
  const items = await readSecretItems(account, needing);
  return items
    .filter(({ worker, secret, isSet }) => worker.requiredSecrets.includes(secret.name) && !isSet)
    .map(({ worker, secret }) => {
      const command = `npm run provision -- --env ${environment.name}`;
      return `${worker.name} lacks its secret ${secret.name}. \`${command}\` says how to make and set it.`;
    });
}

/** Workers that let nobody in serve nothing: a first deployment would fail its smoke test, and stay. */
async function noWayIn({ account, environment, workers }: Planning): Promise<string[]> {
  const { TOKEN_KEYS, TOKEN_ISSUER } = environment.settings;
  // Only then is it worth the calls that read the names of the secrets.
  if (TOKEN_KEYS || TOKEN_ISSUER) return [];
  return signInProblem(environment, await readSecretItems(account, workers)) ?? [];
}

/** A Worker alone is deployed only if what it calls is deployed as it is here. */
function leftOut(changed: readonly WorkerPlan[], chosen: readonly WorkerPlan[]): string[] {
  const leftOut = changed.filter((plan) => !chosen.includes(plan));
  return chosen.flatMap(({ worker }) => {
    const left = leftOut.filter((plan) => worker.bindsTo.includes(plan.worker.name)).map((plan) => plan.worker.folder);
    if (left.length === 0) return [];
    return [
      `${worker.folder} binds to ${inWords(left)}, which changed too. Name them with --only as well, or leave --only out.`,
    ];
  });
}

/** The plan as it is shown. */
export function planLines(
  { migrations, workers, chosen, placeholders, release }: Plan,
  { rollout: { steps } }: Environment,
): string[] {
  const width = Math.max(...workers.map(({ worker }) => titleOf(worker).length));
  return [
    `  ${"release".padEnd(width)}  ${release}`,
    ...(migrations.length === 0 ? [`  ${"migrations".padEnd(width)}  all are applied`] : []),
    ...migrations.map(({ database, files }) => {
      const whose = database.isLive ? "" : `, of ${database.name}`;
      return `  ${"migrations".padEnd(width)}  ${files.join(", ")}${whose}`;
    }),
    ...placeholders.map(({ of, boundBy }) => {
      const who = inWords(boundBy.map(titleOf));
      return `  ${titleOf(of.worker).padEnd(width)}  does not exist yet: a placeholder is uploaded, so that ${who} can bind to it`;
    }),
    ...workers.flatMap((plan) => {
      const what =
        chosen.includes(plan) || plan.how === "unchanged" ? WORDS[plan.how](plan, steps) : "changed, and left out";
      return [`  ${titleOf(plan.worker).padEnd(width)}  ${what}`, ...bindingLine(plan, width)];
    }),
  ];
}

const WORDS: Record<WorkerPlan["how"], (plan: WorkerPlan, steps: readonly number[]) => string> = {
  unchanged: ({ served }) => `unchanged since ${(served && releaseOf(served.origin)) ?? "an earlier release"}`,
  finish: () => "deployed; a run that stopped left its triggers",
  first: () => "first deployment",
  objects: ({ worker }) => `at once, with the migration ${worker.migrationTag} of its Durable Objects`,
  gradual: ({ served }, steps) => {
    const at = served?.rolling ? `; another rollout stopped at ${served.rolling.percentage} %` : "";
    return `step by step: ${steps.join(", ")} %${at}`;
  },
};

function bindingLine({ how, bindings: { added, removed } }: WorkerPlan, width: number): string[] {
  if (how === "first" || how === "unchanged" || added.length + removed.length === 0) return [];
  const names = [...added.map((name) => `+${name}`), ...removed.map((name) => `-${name}`)];
  return [`  ${" ".repeat(width)}  bindings: ${names.join(" ")}`];
}

/** A Worker as it is shown. */
export const titleOf = ({ folder }: Pick<Worker, "folder">): string => (folder === FRONT_DOOR ? "front door" : folder);
