import { checkApart, type Environment, EnvironmentError, inWords } from "../environment.ts";
import { type LocalConfig, MARKER, readLocalConfig } from "./config.ts";
import { DEPLOYED_ONLY } from "./deployed-only.ts";
import { deriveTables, secretsOf } from "./derive.ts";
import { renderTable } from "./render.ts";
import { FOR_LOAD_TESTS } from "./rules.ts";
import { settingProblems } from "./setting-problems.ts";
import { WORKER_NAMES, type WorkerName } from "./workers.ts";

/** The text of each Worker's wrangler.toml. */
export type Configs = Readonly<Record<WorkerName, string>>;

/**
 * Writes the tables of these environments anew; what a person wrote above the marker stays as it is.
 * @throws EnvironmentError if the environments say something that no Worker has, or a wrangler.toml something unknown
 */
export function generateTables(files: Configs, environments: readonly Environment[]): Configs {
  const configs = WORKER_NAMES.map((worker) => readLocalConfig(worker, files[worker]));
  const sorted = [...environments].sort((a, b) => a.number - b.number);
  checkNumbers(sorted);
  checkApart(sorted);
  for (const environment of sorted) {
    checkSettings(environment, configs);
    checkLimits(environment, configs);
  }
  return Object.fromEntries(configs.map((config) => [config.worker, textOf(config, sorted)])) as Configs;
}

function textOf(config: LocalConfig, environments: readonly Environment[]): string {
  const added = Object.entries(DEPLOYED_ONLY[config.worker] ?? {});
  const notes = Object.fromEntries(added.map(([path, { why }]) => [path, why]));
  const parts = environments.map((environment) => {
    const table = renderTable(`env.${environment.name}`, deriveTables(config, environment), notes);
    return `\n# --- ${environment.name} ---\n${table}`;
  });
  return `${config.text.trimEnd()}\n\n${MARKER}\n${parts.join("")}`;
}

function checkNumbers(sorted: readonly Environment[]): void {
  const twins = sorted.find(({ number }, i) => number === sorted[i - 1]?.number);
  if (!twins) return;
  const free = [1, 2, 3, 4, 5, 6, 7, 8, 9].find((number) => !sorted.some((each) => each.number === number));
  const names = sorted.filter(({ number }) => number === twins.number).map(({ name }) => `environments/${name}.toml`);
  throw new EnvironmentError(
    `${inWords(names)} have the same number, ${twins.number}: they would share their rate limits. ` +
      `${free} is free. Nothing was written.`,
  );
}

function checkSettings(environment: Environment, configs: readonly LocalConfig[]): void {
  const { name, settings } = environment;
  const secrets = configs.flatMap(({ worker }) => secretsOf(worker).map((secret) => secret.name));
  const known = new Set(configs.flatMap(({ variables }) => variables));
  const allowed = [...known].filter((variable) => variable !== "ENVIRONMENT" && !secrets.includes(variable)).sort();
  for (const setting of Object.keys(settings)) {
    if (secrets.includes(setting)) {
      refuse(name, `settings.${setting} is a secret, and no file of the repository may have it`);
    }
    if (!allowed.includes(setting)) {
      refuse(name, `settings.${setting} is a variable of no Worker; there are ${inWords(allowed)}`);
    }
  }
  const problems = settingProblems(environment);
  if (problems.length > 0) refuse(name, problems.join("; "));
}

function checkLimits({ name, limits }: Environment, configs: readonly LocalConfig[]): void {
  const known = configs.flatMap(({ worker, table }) =>
    ((table.ratelimits ?? []) as readonly { name: string }[]).map((limit) => `${worker}.${limit.name}`),
  );
  const asked = Object.entries(limits).flatMap(([worker, each]) => Object.keys(each).map((key) => `${worker}.${key}`));
  const unknown = asked.find((limit) => !known.includes(limit));
  if (unknown) refuse(name, `there is no rate limit limits.${unknown}; there are ${inWords(known)}`);
  const missing = FOR_LOAD_TESTS.find((limit) => !asked.includes(limit));
  if (missing) refuse(name, `limits.${missing} is missing: the local number is for load tests`);
}

function refuse(environment: string, problem: string): never {
  throw new EnvironmentError(`environments/${environment}.toml: ${problem}. Nothing was written.`);
}
