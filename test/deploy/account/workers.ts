import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Answer, json, noSuchWorker, refused, said } from "./answer.ts";
import type { Call } from "./call.ts";
import { bindingsOf, type Config, exportsOf, readConfig } from "./config.ts";
import { bucketIn } from "./resources.ts";
import { nextId, nextTime, type State, type StoredVersion, type StoredWorker, trafficOf } from "./state.ts";

const pathOf = ({ flags }: Call): string => flags.config ?? flags.c ?? "";
const configOf = (call: Call): Config => {
  const config = readConfig(pathOf(call), call.flags.env ?? call.flags.e);
  return call.flags.name === undefined ? config : { ...config, name: call.flags.name };
};
const folderOf = (call: Call): string => dirname(pathOf(call));

function workerOf(state: State, { flags }: Call): StoredWorker {
  const name = flags.name ?? "";
  return state.workers[name] ?? noSuchWorker(name);
}

export function deploy(state: State, call: Call): Answer {
  const config = configOf(call);
  const code = state.code[folderOf(call)] ?? "v1";
  if (call.flags["dry-run"]) return build(call, code);
  const existing = state.workers[config.name];
  const required = config.secrets?.required ?? [];
  const missing = required.filter((name) => !(name in (existing?.secrets ?? {})));
  if (missing.length > 0) refused(`The following required secrets have not been set: ${missing.join(", ")}`);
  checkTargets(state, config);
  const worker: StoredWorker = existing ?? { secrets: {}, versions: [], deployments: [], classes: [], crons: [] };
  state.workers[config.name] = worker;
  migrateObjects(state, config, worker);
  const version = addVersion(state, config, worker, call, code);
  addDeployment(state, worker, [{ version_id: version.id, percentage: 100 }], {});
  const targets = applyTriggers(state, config, worker);
  const entry = { type: "deploy", version: 1, worker_name: config.name, version_id: version.id, targets };
  const lines = targets.map((target) => `  ${target}`);
  return said([`Uploaded ${config.name} (1.00 sec)`, ...lines, `Current Version ID: ${version.id}`].join("\n"), [
    entry,
  ]);
}

function build({ flags }: Call, code: string): Answer {
  if (flags.outdir) {
    mkdirSync(flags.outdir, { recursive: true });
    writeFileSync(join(flags.outdir, "index.js"), `// ${code}\n`);
    writeFileSync(join(flags.outdir, "README.md"), `built at ${Date.now()}`);
  }
  return said("--dry-run: exiting now.");
}

/** The classes of what a Worker serves; nothing for one that does not exist, or has only its secrets yet. */
function servedExports(state: State, target: string): readonly string[] {
  const worker = state.workers[target];
  const served = trafficOf(worker).map(({ version_id }) => version_id);
  return worker?.versions.filter(({ id }) => served.includes(id)).flatMap((version) => version.exports) ?? [];
}

/** As the platform: a service has to exist, and a Durable Object's class too. That of an entrypoint is our addition. */
function checkTargets(state: State, config: Config): void {
  const { name, services = [], durable_objects, queues, r2_buckets = [] } = config;
  for (const { binding, service, entrypoint } of services) {
    const worker = state.workers[service];
    if (!worker || worker.versions.every(({ code }) => code === DRAFT)) {
      refused(
        `Service binding '${binding}' references Worker '${service}' which was not found. Verify the Worker exists in your account and that the service name in your configuration is correct. [code: 10143]`,
      );
    }
    if (entrypoint !== undefined && !servedExports(state, service).includes(entrypoint)) {
      refused(`Service binding '${binding}' references '${entrypoint}', which ${service} does not export.`);
    }
  }
  for (const { class_name, script_name = name } of durable_objects?.bindings ?? []) {
    if (script_name !== name && !state.workers[script_name]?.classes.includes(class_name)) {
      refused(
        `Cannot create binding for class ${class_name} in script '${script_name}' that does not exist. [code: 10061]`,
      );
    }
  }
  for (const { binding, bucket_name, jurisdiction } of r2_buckets) {
    if (!state.buckets.includes(bucketIn(bucket_name, jurisdiction))) {
      refused(`R2 bucket '${bucket_name}' of binding '${binding}' not found. [code: 10085]`);
    }
  }
  for (const queue of [...(queues?.producers ?? []), ...(queues?.consumers ?? [])].map(({ queue }) => queue)) {
    if (!state.queues.some(({ name }) => name === queue)) {
      refused(`Queue "${queue}" does not exist. To create it, run: wrangler queues create ${queue}`);
    }
  }
}

function migrateObjects(state: State, { migrations = [] }: Config, worker: StoredWorker): void {
  const done = migrations.findIndex(({ tag }) => tag === worker.migrationTag);
  for (const { tag, new_sqlite_classes = [], transferred_classes = [] } of migrations.slice(done + 1)) {
    for (const { from, from_script, to } of transferred_classes) {
      const former = state.workers[from_script];
      if (!former?.classes.includes(from)) refused(`Cannot transfer ${from}. [code: 10074]`);
      else former.classes = former.classes.filter((name) => name !== from);
      worker.classes.push(to);
    }
    if (new_sqlite_classes.some((name) => worker.classes.includes(name)))
      refused("Class exists already. [code: 10074]");
    worker.classes.push(...new_sqlite_classes);
    worker.migrationTag = tag;
  }
}

function addVersion(state: State, config: Config, worker: StoredWorker, call: Call, code: string): StoredVersion {
  const { flags } = call;
  const secrets = Object.keys(worker.secrets).map((name) => ({ type: "secret_text", name }));
  const version: StoredVersion = {
    id: nextId(state),
    created_on: nextTime(state),
    annotations: {
      "workers/triggered_by": "upload",
      ...(flags.tag !== undefined && { "workers/tag": flags.tag }),
      ...(flags.message !== undefined && { "workers/message": flags.message }),
    },
    bindings: [...bindingsOf(config), ...secrets],
    migration_tag: worker.migrationTag,
    code,
    exports: exportsOf(pathOf(call), config),
    secrets: JSON.stringify(worker.secrets),
  };
  worker.versions.push(version);
  return version;
}

function addDeployment(
  state: State,
  worker: StoredWorker,
  versions: readonly { version_id: string; percentage: number }[],
  annotations: Record<string, string>,
): void {
  worker.deployments.push({ created_on: nextTime(state), versions, annotations });
}

export function uploadVersion(state: State, call: Call): Answer {
  const config = configOf(call);
  const worker = state.workers[config.name];
  if (!worker) {
    return refused(
      "You cannot upload a new version of a Worker that does not yet exist. Please run the `deploy` command first.",
    );
  }
  const last = config.migrations?.at(-1)?.tag;
  if (last !== undefined && last !== worker.migrationTag) {
    return refused(
      "This Worker has a pending Durable Object migration, which cannot be applied by `wrangler versions upload`. Durable Object migrations must be applied with `wrangler deploy`.",
    );
  }
  checkTargets(state, config);
  const version = addVersion(state, config, worker, call, state.code[folderOf(call)] ?? "v1");
  const entry = { type: "version-upload", version: 1, worker_name: config.name, version_id: version.id };
  return said(`Uploaded ${config.name} (1.00 sec)\nWorker Version ID: ${version.id}`, [entry]);
}

/** wrangler asks again with force if a secret changed since: it takes yes for an answer where there is no terminal. */
export const rollBack = (state: State, call: Call): Answer =>
  deployVersions(state, { ...call, positionals: [`${call.positionals[0]}@100`] }, true);

export function deployVersions(state: State, call: Call, isForced = false): Answer {
  const { name } = configOf(call);
  const worker = state.workers[name] ?? noSuchWorker(name);
  const traffic = call.positionals.map((spec) => {
    const [version_id = "", percentage = ""] = spec.split("@");
    return { version_id, percentage: Number(percentage) };
  });
  if (traffic.length > 2) refused("Too many versions selected. You can deploy at most 2 version(s) at a time.");
  const sum = traffic.reduce((total, { percentage }) => total + percentage, 0);
  if (sum !== 100) refused(`The specified traffic percentages add up to ${sum}%, but must total exactly 100%.`);
  for (const { version_id } of traffic) {
    const version = worker.versions.find(({ id }) => id === version_id);
    if (!version) refused(`Version ${version_id} not found. [code: 10130]`);
    else if (version.migration_tag !== worker.migrationTag) {
      refused("A version from before a Durable Object migration cannot be deployed. [code: 10211]");
    }
  }
  const changed = traffic.every(({ version_id }) => {
    const secrets = worker.versions.find(({ id }) => id === version_id)?.secrets;
    return secrets !== JSON.stringify(worker.secrets);
  });
  if (changed && !isForced) refused("The following secrets have changed: INGEST_CREDENTIALS [code: 10220]");
  const message = call.flags.message;
  addDeployment(state, worker, traffic, message === undefined ? {} : { "workers/message": message });
  return said(`Deployed ${name}`, [{ type: "version-deploy", version: 1, worker_name: name }]);
}

export function deployTriggers(state: State, call: Call): Answer {
  const config = configOf(call);
  checkTargets(state, config);
  const targets = applyTriggers(state, config, state.workers[config.name] ?? noSuchWorker(config.name));
  return said([`Deployed ${config.name} triggers (1.00 sec)`, ...targets.map((target) => `  ${target}`)].join("\n"));
}

function applyTriggers(state: State, { name, workers_dev, triggers, queues }: Config, worker: StoredWorker): string[] {
  worker.crons = [...(triggers?.crons ?? [])];
  for (const { queue } of queues?.consumers ?? []) {
    const stored = state.queues.find((each) => each.name === queue);
    if (stored && !stored.consumers.includes(name)) stored.consumers.push(name);
  }
  if (workers_dev) worker.address = `https://${name}.${state.subdomain}.workers.dev`;
  return [
    ...(worker.address ? [worker.address] : []),
    ...worker.crons.map((cron) => `schedule: ${cron}`),
    ...(queues?.consumers ?? []).map(({ queue }) => `Consumer for ${queue}`),
  ];
}

const shown = ({ id, created_on, annotations, bindings, migration_tag }: StoredVersion) => ({
  id,
  number: 1,
  metadata: { created_on, modified_on: created_on, source: "wrangler", author_email: "a@example.com" },
  annotations,
  resources: {
    bindings,
    script: { etag: id, handlers: ["fetch"] },
    script_runtime: { usage_model: "standard", ...(migration_tag && { migration_tag }) },
  },
});

/** wrangler sorts them by date, the oldest first. */
export const listDeployments = (state: State, call: Call): Answer =>
  json(
    workerOf(state, call)
      .deployments.slice(-10)
      .map((each, i) => ({ id: `d${i}`, source: "wrangler", strategy: "percentage", ...each })),
  );

export function deploymentStatus(state: State, call: Call): Answer {
  const latest = workerOf(state, call).deployments.at(-1);
  return latest ? json(latest) : refused(`The Worker ${call.flags.name} has no deployments.`);
}

export const listVersions = (state: State, call: Call): Answer =>
  json(
    workerOf(state, call)
      .versions.slice(-10)
      .map((version) => ({ ...shown(version), resources: undefined })),
  );

export function viewVersion(state: State, call: Call): Answer {
  const version = workerOf(state, call).versions.find(({ id }) => id === call.positionals[0]);
  return version ? json(shown(version)) : refused(`Version ${call.positionals[0]} not found. [code: 10130]`);
}

export function listSecrets(state: State, call: Call): Answer {
  const worker = state.workers[call.flags.name ?? ""];
  if (!worker)
    refused(
      `Worker "${call.flags.name}" not found.\n\nIf this is a new Worker, run \`wrangler deploy\` first to create it.`,
    );
  return json(Object.keys(worker?.secrets ?? {}).map((name) => ({ name, type: "secret_text" })));
}

/** What a Worker answers with that `wrangler secret` made: nothing. */
const DRAFT = "draft";

/** Of a Worker that does not exist, wrangler makes one that answers nothing. A new value is a version at once. */
export function putSecrets(state: State, call: Call, input: string): Answer {
  const name = call.flags.name ?? "";
  const values = JSON.parse(input) as Record<string, string>;
  const worker: StoredWorker = state.workers[name] ?? {
    secrets: {},
    versions: [],
    deployments: [],
    classes: [],
    crons: [],
  };
  const [only, ...others] = trafficOf(worker);
  const latest = worker.versions.at(-1);
  if (latest && (others.length > 0 || only?.version_id !== latest.id)) {
    refused("Secret edit failed: the latest version of your Worker isn't currently deployed. [code: 10215]");
  }
  state.workers[name] = worker;
  Object.assign(worker.secrets, values);
  const bindings = (latest?.bindings ?? []).filter((binding) => !(binding.name in values));
  const version: StoredVersion = {
    id: nextId(state),
    created_on: nextTime(state),
    annotations: { "workers/triggered_by": "secret" },
    bindings: [...bindings, ...Object.keys(values).map((each) => ({ type: "secret_text", name: each }))],
    migration_tag: worker.migrationTag,
    code: latest?.code ?? DRAFT,
    exports: latest?.exports ?? [],
    secrets: JSON.stringify(worker.secrets),
  };
  worker.versions.push(version);
  addDeployment(state, worker, [{ version_id: version.id, percentage: 100 }], {});
  return said(
    Object.keys(values)
      .map((each) => `✨ Successfully created secret for key: ${each}`)
      .join("\n"),
  );
}
