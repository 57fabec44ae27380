import { type Environment, EnvironmentError, inWords } from "../environment.ts";
import { SECRETS } from "../secrets.ts";
import type { LocalConfig, Table } from "./config.ts";
import { DEPLOYED_ONLY, type DeployedOnly } from "./deployed-only.ts";
import { INHERITED, OWN, ruleOf } from "./rules.ts";
import { configPathOf, type WorkerName } from "./workers.ts";

/**
 * The tables of one environment for one Worker: what stands under `[env.{name}]`. Members are in the order in which they
 * are written.
 * @throws EnvironmentError if a table has no rule, or a variable no value
 */
export function deriveTables(config: LocalConfig, environment: Environment): Table {
  const { worker, table } = config;
  const required = secretsOf(worker).filter(({ isRequired }) => isRequired);
  return {
    name: `${table.name}-${environment.name}`,
    ...(environment.account && { account_id: environment.account }),
    ...addressOf(worker, environment),
    ...(environment.logpush && { logpush: true }),
    ...buildOf(worker),
    ...(required.length > 0 && { secrets: { required: required.map(({ name }) => name) } }),
    observability: observabilityOf(environment),
    vars: variablesOf(config, environment),
    ...bindingsOf(config, environment),
    ...streamOfAnalysts(worker, environment),
  };
}

/**
 * The one binding that the local environment does not have: a stream is made by hand, since its schema never changes, and
 * laptops and benches should not pay for rows that nobody keeps.
 */
const streamOfAnalysts = (worker: WorkerName, { archive: { stream } }: Environment): Table =>
  worker === "ingest" && stream !== undefined ? { pipelines: [{ binding: "PIPELINE", stream }] } : {};

export const secretsOf = (worker: WorkerName) => SECRETS.filter((secret) => secret.worker === worker);

/** Only the front door has an address, and only one: a hostname, or that on workers.dev. */
function addressOf(worker: WorkerName, { front_door }: Environment): Table {
  const isOpen = worker === "gateway";
  const isOnWorkersDev = front_door.address === "workers.dev";
  const routes = [{ pattern: front_door.address, custom_domain: true }, ...front_door.routes];
  return {
    workers_dev: isOpen && isOnWorkersDev,
    preview_urls: false,
    ...(isOpen && !isOnWorkersDev && { routes }),
  };
}

function buildOf(worker: WorkerName): Table {
  const command = DEPLOYED_ONLY[worker]?.["build.command"]?.value;
  return command === undefined ? {} : { build: { command } };
}

function observabilityOf({ logs, traces }: Environment): Table {
  return {
    enabled: logs.sampling > 0 || traces.sampling > 0,
    logs: { ...streamOf(logs), ...(logs.sampling > 0 && !logs.invocations && { invocation_logs: false }) },
    traces: streamOf(traces),
  };
}

function streamOf({ sampling, destinations, persist }: Environment["traces"]): Table {
  if (sampling === 0) return { enabled: false };
  return {
    enabled: true,
    head_sampling_rate: sampling,
    ...(destinations.length > 0 && { destinations }),
    ...(!persist && { persist }),
  };
}

/** The environment's name, and those of its settings that the Worker knows. */
function variablesOf({ worker, table, variables }: LocalConfig, { name, settings }: Environment): Table {
  const secrets = secretsOf(worker).map((secret) => secret.name);
  const local = Object.keys((table.vars as Table | undefined) ?? {});
  const known = variables.filter((variable) => variable !== "ENVIRONMENT" && !secrets.includes(variable));
  // A value for laptops would be the deployed one otherwise, or wrangler would warn that it is gone.
  const missing = known.filter((variable) => local.includes(variable) && settings[variable] === undefined);
  if (missing.length > 0) {
    throw new EnvironmentError(
      `environments/${name}.toml: [settings] lacks ${inWords(missing)}, which ${configPathOf(worker)} sets for ` +
        "the local environment only. Nothing was written.",
    );
  }
  const set = known.filter((variable) => settings[variable] !== undefined);
  return { ENVIRONMENT: name, ...Object.fromEntries(set.map((variable) => [variable, settings[variable]])) };
}

function bindingsOf({ worker, table }: LocalConfig, environment: Environment): Table {
  const skipped: readonly string[] = [...INHERITED, ...OWN];
  const derive = (value: unknown, path: string): unknown => {
    if (!Array.isArray(value) && isNested(value)) {
      return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, derive(member, `${path}.${key}`)]));
    }
    const rule = ruleOf(path, configPathOf(worker));
    const context = { environment, limits: environment.limits[worker] ?? {} };
    const each = (item: Table): Table | undefined => {
      const derived = rule(item, context);
      return derived && { ...derived, ...deployedOnlyOf(worker, path) };
    };
    return Array.isArray(value) ? value.flatMap((item) => each(item) ?? []) : each(value as Table);
  };
  const bound = Object.entries(table).filter(([key]) => !skipped.includes(key));
  const derived = bound.map(([key, value]) => [key, derive(value, key)] as const);
  return Object.fromEntries(derived.filter(([, value]) => !Array.isArray(value) || value.length > 0));
}

/** A table of lists of tables, as `queues` is. */
const isNested = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && Object.values(value).every(Array.isArray);

/** What is added to each table of a list, such as the delay of each consumer. */
function deployedOnlyOf(worker: WorkerName, path: string): Table {
  const all: readonly (readonly [string, DeployedOnly])[] = Object.entries(DEPLOYED_ONLY[worker] ?? {});
  const members = all.filter(([key]) => key.slice(0, key.lastIndexOf(".")) === path);
  return Object.fromEntries(members.map(([key, { value }]) => [key.slice(path.length + 1), value]));
}
