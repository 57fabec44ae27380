import { dirname, join, relative } from "node:path";
import { unstable_readConfig as readConfig } from "wrangler";
import { WORKER_CONFIGS } from "../local/stack.ts";
import { ROOT } from "../local/tool.ts";

/** A Worker as one environment deploys it, by its wrangler.toml. */
export type Worker = {
  /** How it is called here, and what `--only` takes: `workers/api`, or `.` for the front door. */
  readonly folder: string;
  /** From the root of the repository. */
  readonly config: string;
  /** Its name in the account, as `concord-api-staging`. */
  readonly name: string;
  /** Names of the Workers that it binds to, its late bindings aside: their services, and the scripts of their objects. */
  readonly bindsTo: readonly string[];
  readonly late: readonly LateBinding[];
  /** Names of its bindings and variables, secrets aside. */
  readonly bindings: readonly string[];
  /** All queues that it names: those it sends to, those it consumes, and the dead-letter queues of these. */
  readonly queues: readonly string[];
  readonly consumes: readonly string[];
  readonly buckets: readonly string[];
  readonly databases: readonly { readonly binding: string; readonly name: string }[];
  readonly requiredSecrets: readonly string[];
  /** The tag of its last migration of Durable Objects. */
  readonly migrationTag: string | undefined;
  /** Whether it has what no version carries: an address, a schedule, or a queue that it consumes. */
  readonly hasTriggers: boolean;
  /** From the root of the repository. */
  readonly assets: string | undefined;
  /** All of its settings as wrangler reads them, without a path of this machine. */
  readonly settings: string;
};

/** The front door by its folder. */
export const FRONT_DOOR = ".";

/** A binding to an entrypoint of a Worker that is deployed after the one that has it. */
export type LateBinding = { readonly binding: string; readonly to: string; readonly entrypoint: string | undefined };

/**
 * The bindings that the order of deployment leaves out, by the folder of the Worker that has them: a cycle of bindings
 * has to have one. What is called through one may be older than the caller, or a placeholder:
 * docs/decisions/0050-a-binding-that-comes-late.md.
 */
export const LATE_BINDINGS: Readonly<Record<string, readonly string[]>> = {
  "workers/devices": ["OPERATIONS"],
};

type Bound = { readonly binding?: string };

/** The part of a config that is read here, as wrangler hands it out: every list is there. */
type Config = {
  readonly name?: string;
  readonly workers_dev?: boolean;
  readonly route?: unknown;
  readonly routes?: readonly unknown[];
  readonly services?: readonly (Bound & { readonly service: string; readonly entrypoint?: string })[];
  readonly d1_databases: readonly (Bound & { readonly database_name?: string })[];
  readonly r2_buckets: readonly (Bound & { readonly bucket_name?: string })[];
  readonly kv_namespaces: readonly Bound[];
  readonly ratelimits: readonly { readonly name: string }[];
  readonly queues: {
    readonly producers?: readonly (Bound & { readonly queue?: string })[];
    readonly consumers?: readonly { readonly queue: string; readonly dead_letter_queue?: string }[];
  };
  readonly durable_objects: { readonly bindings: readonly { readonly name: string; readonly script_name?: string }[] };
  readonly migrations: readonly { readonly tag: string }[];
  readonly secrets?: { readonly required?: readonly string[] };
  readonly triggers: { readonly crons?: readonly string[] };
  readonly vars: Readonly<Record<string, unknown>>;
  readonly assets?: Bound & { readonly directory?: string };
  readonly version_metadata?: Bound;
  readonly configPath?: string;
  readonly userConfigPath?: string;
  readonly topLevelName?: string;
  readonly definedEnvironments?: readonly string[];
};

/** Every Worker of an environment, or of local development, each after those that it binds to, late bindings aside. */
export const readWorkers = (environment: string | undefined): readonly Worker[] =>
  inOrder([...WORKER_CONFIGS].sort().map((config) => readWorker(config, environment)));

function readWorker(path: string, environment: string | undefined): Worker {
  const config = readConfig(
    { config: join(ROOT, path), env: environment },
    { hideWarnings: true },
  ) as unknown as Config;
  const { name = "", durable_objects: objects, services = [], queues, d1_databases, triggers } = config;
  const { producers = [], consumers = [] } = queues;
  const folder = dirname(path);
  const isLate = ({ binding = "" }: Bound) => LATE_BINDINGS[folder]?.includes(binding) === true;
  const bindsTo = [
    ...services.filter((each) => !isLate(each)).map(({ service }) => service),
    ...objects.bindings.flatMap(({ script_name }) => (script_name && script_name !== name ? [script_name] : [])),
  ];
  const queueNames = [
    ...producers.flatMap(({ queue }) => queue ?? []),
    ...consumers.flatMap(({ queue, dead_letter_queue }) => [queue, ...(dead_letter_queue ? [dead_letter_queue] : [])]),
  ];
  const isReachable = config.workers_dev === true || (config.routes ?? []).length > 0 || config.route !== undefined;
  return {
    folder,
    config: path,
    name,
    bindsTo: unique(bindsTo),
    late: services
      .filter(isLate)
      .map(({ binding = "", service, entrypoint }) => ({ binding, to: service, entrypoint })),
    bindings: bindingsOf(config).sort(),
    queues: unique(queueNames),
    consumes: consumers.map(({ queue }) => queue),
    buckets: config.r2_buckets.flatMap(({ bucket_name }) => bucket_name ?? []),
    databases: d1_databases.flatMap(({ binding = "", database_name: name }) => (name ? [{ binding, name }] : [])),
    requiredSecrets: config.secrets?.required ?? [],
    migrationTag: config.migrations.at(-1)?.tag,
    hasTriggers: isReachable || consumers.length > 0 || (triggers.crons ?? []).length > 0,
    assets: config.assets?.directory && relative(ROOT, join(ROOT, dirname(path), config.assets.directory)),
    settings: settingsOf(config),
  };
}

function bindingsOf(config: Config): string[] {
  const lists = [
    ...[config.services, config.d1_databases, config.r2_buckets, config.kv_namespaces, config.queues.producers].map(
      (each: readonly Bound[] = []) => each.map(({ binding }) => binding),
    ),
    config.durable_objects.bindings.map(({ name }) => name),
    config.ratelimits.map(({ name }) => name),
    Object.keys(config.vars),
    [config.assets?.binding, config.version_metadata?.binding],
  ];
  return lists.flat().filter((name): name is string => typeof name === "string");
}

/** Where the repository lies on this machine is no setting. */
function settingsOf(config: Config): string {
  const { configPath: _, userConfigPath: __, topLevelName: ___, definedEnvironments: ____, ...settings } = config;
  return JSON.stringify(settings).replaceAll(JSON.stringify(ROOT).slice(1, -1), "");
}

const unique = (names: readonly string[]): string[] => [...new Set(names)];

/** Each after those that it binds to. @throws Error that names Workers which bind to each other */
export function inOrder<W extends Pick<Worker, "name" | "bindsTo">>(workers: readonly W[]): readonly W[] {
  const ordered: W[] = [];
  const isPlaced = (name: string) => ordered.some((worker) => worker.name === name);
  const ours = new Set(workers.map(({ name }) => name));
  while (ordered.length < workers.length) {
    const next = workers.find(
      ({ name, bindsTo }) => !isPlaced(name) && bindsTo.every((to) => !ours.has(to) || isPlaced(to)),
    );
    if (!next) {
      const left = workers.filter(({ name }) => !isPlaced(name)).map(({ name }) => name);
      throw new Error(
        `${left.join(", ")} bind to each other, so none of them can be deployed first. Take one of the bindings away, or name it in LATE_BINDINGS of deploy/workers.ts. Nothing was deployed.`,
      );
    }
    ordered.push(next);
  }
  return ordered;
}
