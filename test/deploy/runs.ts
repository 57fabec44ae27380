import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { accountOf } from "../../deploy/account/account.ts";
import { createApi, credentialsOf } from "../../deploy/account/cloudflare-api.ts";
import { createProgress } from "../../deploy/command/progress.ts";
import { type DatabaseSection, type Environment, readEnvironment } from "../../deploy/environment.ts";
import { type Provisioned, provision } from "../../deploy/provision/provision.ts";
import type { Values } from "../../deploy/provision/secrets-file.ts";
import { contentOf } from "../../deploy/rollout/content.ts";
import type { Smoke } from "../../deploy/rollout/deps.ts";
import { makePlan, type Plan } from "../../deploy/rollout/plan.ts";
import { planRollback, rollBack } from "../../deploy/rollout/rollback.ts";
import { countSteps, rollOut } from "../../deploy/rollout/rollout.ts";
import { readWorkers, type Worker } from "../../deploy/workers.ts";
import { migrationFiles, readConfig } from "./account/config.ts";
import type { StandIn } from "./account/stand-in.ts";
import { ACCOUNT_ID, type State, trafficOf } from "./account/state.ts";

/** Where the account builds what has been hashed before. */
const BUILDS = mkdtempSync(join(tmpdir(), "concord-builds-"));
afterAll(() => rmSync(BUILDS, { recursive: true, force: true }));

/** A secret that has to be seen nowhere. */
export const CANARY = "canary9f3a6c";
const credentialsFor = (id: string): Values => ({
  INGEST_CREDENTIALS: JSON.stringify([
    { id, hash: "0".repeat(64), may: ["*"], signedWith: `whsec_${CANARY.padEnd(32, "A")}` },
  ]),
});
export const SECRETS = credentialsFor("elt");
/** Other values of them. */
export const NEXT_SECRETS = credentialsFor("elt-2");

const workersOf = new Map<string, readonly Worker[]>();
/** By a Worker's settings and code: the files that Workers serve are the same in every run, and large. */
const contents = new Map<string, string>();

/** The runs of one environment against one account, as the commands do them. */
export class Runs {
  readonly standIn: StandIn;
  readonly lines: string[] = [];
  environment: Environment;
  workers: readonly Worker[];
  smoke: Smoke = async () => ({ ok: true, steps: [{ name: "ready", ok: true, ms: 1 }] });
  interrupt = new AbortController();
  sleep: (ms: number) => Promise<void> = async () => {};

  constructor(standIn: StandIn, name = "staging") {
    this.standIn = standIn;
    this.environment = readEnvironment(name);
    this.environment = {
      ...this.environment,
      database: { ...this.environment.database, id: "00000000-0000-4000-8000-000000000002" },
      archive: { ...this.environment.archive, rebuilt: { id: "00000000-0000-4000-8000-000000000012" } },
      settings: { ...this.environment.settings, TOKEN_KEYS: "{}" },
    };
    this.workers = workersOf.get(name) ?? readWorkers(name);
    workersOf.set(name, this.workers);
  }

  readonly say = (line: string): void => {
    this.lines.push(line);
  };
  get text(): string {
    return this.lines.join("\n");
  }
  get account() {
    return accountOf(this.standIn.wrangler);
  }
  async api() {
    const credentials = await credentialsOf(this.standIn.wrangler);
    return createApi({ account: ACCOUNT_ID, credentials, baseUrl: "http://account", fetch: this.standIn.fetch });
  }

  async provision(options: { isDryRun?: boolean; secrets?: Values } = {}): Promise<Provisioned> {
    const { account, environment, workers, say } = this;
    const writeDatabaseId = (section: DatabaseSection, id: string) => {
      this.environment = withId(this.environment, section, id);
    };
    const deps = { account, api: await this.api(), environment, workers, say, writeDatabaseId };
    return provision(deps, { isDryRun: options.isDryRun ?? false, secrets: options.secrets });
  }

  plan(release: string, only: readonly string[] = [], isAnew = false): Promise<Plan> {
    const { account, environment, workers } = this;
    return makePlan({
      ...{ account, environment, workers, release, only, isAnew },
      contentOf: (worker) => this.#contentOf(worker),
      migrationFiles: [...migrationFiles(), ...this.standIn.state.moreMigrations],
    });
  }

  /** Each run builds; a build that another run has made too is hashed once. */
  async #contentOf(worker: Worker): Promise<string> {
    const { account, environment, standIn } = this;
    const key = JSON.stringify([environment.name, worker, standIn.state.code[worker.folder]]);
    const known = contents.get(key);
    if (known === undefined) {
      const content = await contentOf(account, worker, environment.name);
      contents.set(key, content);
      return content;
    }
    await account.build(worker.config, environment.name, BUILDS);
    return known;
  }

  async deploy(
    release: string,
    only: readonly string[] = [],
    isAnew = false,
  ): Promise<{ isDone: boolean; plan: Plan }> {
    const { account, environment, say, smoke, sleep } = this;
    const plan = await this.plan(release, only, isAnew);
    if (plan.problems.length > 0) {
      plan.problems.forEach(say);
      return { isDone: false, plan };
    }
    const deps = {
      ...{ account, environment, say, smoke, sleep, signal: this.interrupt.signal },
      progress: createProgress(countSteps(plan, environment), say),
      firstConfig: async ({ worker }: { worker: Worker }) => worker.config,
    };
    return { ...(await rollOut(deps, plan)), plan };
  }

  async rollback(to?: string): Promise<void> {
    const { account, environment, workers, say, smoke } = this;
    const plan = await planRollback(account, workers, to);
    const progress = createProgress(plan.returns.length, say);
    await rollBack({ account, environment, say, smoke, progress, sleep: async () => {} }, plan);
  }

  /** From an empty account to a deployed platform, as docs/deploy.md has it. */
  async bringUp(release: string): Promise<boolean> {
    if ((await this.provision()) === "waiting") await this.provision({ secrets: SECRETS });
    return (await this.deploy(release)).isDone;
  }
}

/** What each Worker serves: code and share, whatever its versions are called. */
export function servedIn({ workers }: State): Record<string, string> {
  const entries = Object.entries(workers).map(([name, worker]) => {
    const shares = trafficOf(worker).map(({ version_id, percentage }) => {
      const version = worker.versions.find(({ id }) => id === version_id);
      return `${version?.code} of ${version?.annotations["workers/tag"] ?? "nobody"} ${percentage} %`;
    });
    return [name, shares.join(" + ")] as const;
  });
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The account without ids, dates and history: what a finished run has to end with. */
/** The environment whose file names this database. */
export const withId = (environment: Environment, section: DatabaseSection, id: string): Environment =>
  section === "database"
    ? { ...environment, database: { ...environment.database, id } }
    : { ...environment, archive: { ...environment.archive, rebuilt: { id } } };

export function outcomeOf(state: State) {
  return {
    served: servedIn(state),
    complete: Object.entries(state.workers)
      .map(([name, { deployments }]) => `${name} ${deployments.at(-1)?.annotations["workers/message"]?.split(":")[0]}`)
      .sort(),
    triggers: Object.entries(state.workers)
      .map(
        ([name, { crons, address, migrationTag, classes }]) => `${name} ${crons} ${address} ${migrationTag} ${classes}`,
      )
      .sort(),
    secrets: Object.entries(state.workers)
      .map(([name, { secrets }]) => `${name} ${Object.keys(secrets)}`)
      .sort(),
    databases: state.databases.map(({ name, replication, migrations, location }) => ({
      name,
      replication,
      migrations,
      location,
    })),
    queues: state.queues.map(({ name, consumers }) => `${name} ${consumers}`).sort(),
    buckets: [...state.buckets].sort(),
  };
}

/** As if the last migration of devices' objects had come with the present release: its class is not there yet. */
export function withoutLastClasses(state: State): void {
  const { migrations = [] } = readConfig("workers/devices/wrangler.toml", "staging");
  const added = migrations.at(-1)?.new_sqlite_classes ?? [];
  const tag = migrations.at(-2)?.tag;
  const devices = state.workers["concord-devices-staging"];
  if (!devices || tag === undefined || added.length === 0) throw new Error("devices has no class that came later");
  devices.migrationTag = tag;
  devices.classes = devices.classes.filter((name) => !added.includes(name));
  devices.versions = devices.versions.map((version) => ({
    ...{ ...version, migration_tag: tag },
    exports: version.exports.filter((name) => !added.includes(name)),
  }));
}
