import * as z from "zod";
import type { Worker } from "../workers.ts";
import { isMissingWorker, type OutputEntry, type Ran, type Wrangler, WranglerError } from "./wrangler.ts";

/** How a Worker's requests are shared out: one version, or two of which both are in use. */
export type Traffic = readonly { readonly version_id: string; readonly percentage: number }[];

const Deployment = z.object({
  created_on: z.string(),
  versions: z.array(z.object({ version_id: z.string(), percentage: z.number() })),
  annotations: z.record(z.string(), z.string()).optional(),
});
export type Deployment = z.output<typeof Deployment>;

const Version = z.object({
  id: z.string(),
  metadata: z.object({ created_on: z.string() }),
  annotations: z.record(z.string(), z.string()).optional(),
  resources: z
    .object({
      bindings: z
        .array(z.object({ type: z.string(), name: z.string().optional(), text: z.string().optional() }))
        .default([]),
      script_runtime: z.object({ migration_tag: z.string().optional() }).optional(),
    })
    .optional(),
});
export type Version = z.output<typeof Version>;

const Database = z.object({ uuid: z.string(), name: z.string() });
const Login = z.object({
  loggedIn: z.boolean(),
  email: z.string().optional(),
  accounts: z.array(z.object({ id: z.string(), name: z.string() })).default([]),
});
export type Login = z.output<typeof Login>;

const PLACEHOLDER_CONFIG = "workers/placeholder/wrangler.toml";
const PLACEHOLDER_MESSAGE = "placeholder until its first deployment";

/** Whether it answers nothing yet, and others can bind to it all the same. */
export const isPlaceholderVersion = ({ annotations }: Pick<Version, "annotations">): boolean =>
  annotations?.["workers/message"] === PLACEHOLDER_MESSAGE;

/** What a version is called, and what is noted with it; the platform keeps both. */
export type Label = { readonly tag: string; readonly message: string };

/** Where data has its primary, or has to stay by law; the second replaces the first. */
export type Place = { readonly location?: string | undefined; readonly jurisdiction?: string | undefined };

function placed({ location, jurisdiction }: Place): string[] {
  if (jurisdiction) return ["--jurisdiction", jurisdiction];
  return location ? ["--location", location] : [];
}

/** Every call of wrangler that provision, deploy and rollback make. Each throws WranglerError with all that it said. */
export type Account = ReturnType<typeof accountOf>;

export function accountOf(wrangler: Wrangler) {
  async function run(args: readonly string[], input?: string): Promise<Ran> {
    const ran = await wrangler(args, input);
    if (!ran.isDone) throw new WranglerError(args, ran);
    return ran;
  }
  const read = async <S extends z.ZodType>(schema: S, args: readonly string[]): Promise<z.output<S>> =>
    schema.parse(JSON.parse((await run(args)).stdout));

  /** Of one Worker in one environment. */
  const to = (worker: Worker, environment: string) => ["-c", worker.config, "--env", environment];
  const named = ({ name }: Pick<Worker, "name">) => ["--name", name];

  /** @returns undefined if the Worker does not exist, or was never deployed */
  async function find<S extends z.ZodType>(schema: S, args: readonly string[]): Promise<z.output<S> | undefined> {
    const ran = await wrangler(args);
    if (ran.isDone) return schema.parse(JSON.parse(ran.stdout));
    if (isMissingWorker(ran.said)) return undefined;
    throw new WranglerError(args, ran);
  }

  return {
    /** Not logged in is an answer, and no error. */
    async whoAmI(): Promise<Login> {
      const args = ["whoami", "--json"];
      const ran = await wrangler(args);
      const login = Login.safeParse(parsed(ran.stdout));
      if (login.success) return login.data;
      throw new WranglerError(args, ran);
    },

    listDatabases: () => read(z.array(Database), ["d1", "list", "--json"]),
    createDatabase: (name: string, place: Place) => run([...["d1", "create", name], ...placed(place)]),
    /** The names of its tables, SQLite's own aside. */
    async listTables(database: string): Promise<string[]> {
      const sql = "SELECT name FROM sqlite_master WHERE type = 'table'";
      const Rows = z.array(z.object({ results: z.array(z.object({ name: z.string() })) }));
      const answer = await read(Rows, ["d1", "execute", database, "--remote", "--json", "--command", sql]);
      return answer
        .flatMap(({ results }) => results.map(({ name }) => name))
        .filter((name) => !/^(sqlite_|_cf_)/.test(name));
    },
    /** wrangler answers this as a table on the screen only, so what is looked for in it are the names of our files. */
    async pendingMigrations(database: string, worker: Worker, environment: string, files: readonly string[]) {
      const args = ["d1", "migrations", "list", database, "--remote", ...to(worker, environment)];
      const { stdout } = await run(args);
      const pending = files.filter((file) => stdout.includes(file));
      if (pending.length > 0 || stdout.includes("No migrations to apply")) return pending;
      throw new WranglerError(args, {
        said: `${stdout}\n(this says neither which migrations are pending nor that none is)`,
      });
    },
    applyMigrations: (database: string, worker: Worker, environment: string) =>
      run(["d1", "migrations", "apply", database, "--remote", ...to(worker, environment)]),
    /** Where Time Travel finds the database as it is now. */
    bookmark: async (database: string) =>
      (await read(z.object({ bookmark: z.string() }), ["d1", "time-travel", "info", database, "--json"])).bookmark,

    createQueue: (name: string) => run(["queues", "create", name]),
    /** A bucket of a jurisdiction is found only there. */
    async hasBucket(name: string, { jurisdiction }: Place): Promise<boolean> {
      const args = ["r2", "bucket", "info", name, "--json", ...(jurisdiction ? placed({ jurisdiction }) : [])];
      const ran = await wrangler(args);
      if (ran.isDone) return true;
      if (/\[code: 10006\]/.test(ran.said)) return false;
      throw new WranglerError(args, ran);
    },
    createBucket: (name: string, place: Place) => run([...["r2", "bucket", "create", name], ...placed(place)]),

    /** Names only; nobody can read a value. @returns undefined if the Worker does not exist */
    async listSecrets(worker: Worker): Promise<readonly string[] | undefined> {
      const args = ["secret", "list", ...named(worker), "--format", "json"];
      const ran = await wrangler(args);
      if (ran.isDone)
        return z
          .array(z.object({ name: z.string() }))
          .parse(JSON.parse(ran.stdout))
          .map(({ name }) => name);
      if (isMissingWorker(ran.said) || /Worker "[^"]*".* not found/.test(ran.said)) return undefined;
      throw new WranglerError(args, ran);
    },
    /** Values go in by wrangler's input, so that no list of processes shows them. A Worker that is missing is made empty. */
    putSecrets: (worker: Worker, values: Readonly<Record<string, string>>) =>
      run(["secret", "bulk", ...named(worker)], JSON.stringify(values)),

    /** The last ten, the latest first. @returns undefined if the Worker does not exist */
    async listDeployments(worker: Worker): Promise<readonly Deployment[] | undefined> {
      const found = await find(z.array(Deployment), ["deployments", "list", ...named(worker), "--json"]);
      return found?.sort((a, b) => (a.created_on < b.created_on ? 1 : -1));
    },
    /** The last ten that can be deployed, the latest first. */
    async listVersions(worker: Worker): Promise<readonly Version[]> {
      const found = await read(z.array(Version), ["versions", "list", ...named(worker), "--json"]);
      return found.sort((a, b) => (a.metadata.created_on < b.metadata.created_on ? 1 : -1));
    },
    viewVersion: (worker: Worker, id: string) => read(Version, ["versions", "view", id, ...named(worker), "--json"]),

    /** Bundles it and uploads nothing. */
    build: (config: string, environment: string, outdir: string) =>
      run(["deploy", "-c", config, "--env", environment, "--dry-run", "--outdir", outdir]),
    /** @returns the id of the new version, which no request reaches yet */
    async uploadVersion(worker: Worker, environment: string, { tag, message }: Label): Promise<string> {
      const args = ["versions", "upload", ...to(worker, environment), "--tag", tag, "--message", message];
      return idIn(args, await run(args), "version-upload");
    },
    /** From now on these versions get these shares. */
    deployVersions: (worker: Worker, environment: string, traffic: Traffic, message: string) =>
      run([
        ...["versions", "deploy", ...traffic.map(({ version_id, percentage }) => `${version_id}@${percentage}`), "-y"],
        ...[...to(worker, environment), "--message", message],
      ]),
    /**
     * Gives all requests to an earlier version, also if a secret was set since: then the platform refuses `versions deploy`
     * (code 10220), and wrangler's own rollback asks it again with force.
     */
    rollBack: (worker: Worker, environment: string, id: string, message: string) =>
      run(["rollback", id, "-y", ...to(worker, environment), "--message", message]),
    /** Uploads and deploys at once, triggers and migrations of objects with it. @returns the id of the new version, and what it said */
    async deployWorker(config: string, environment: string, { tag, message }: Label) {
      const args = ["deploy", "-c", config, "--env", environment, "--tag", tag, "--message", message];
      const ran = await run(args);
      return { id: idIn(args, ran, "deploy"), stdout: ran.stdout };
    },
    /**
     * Gives this name to a Worker that only says that it is not deployed yet, so that others can bind to it. Secrets that
     * were set for the name stay. @returns the id of its version
     */
    async deployPlaceholder({ name }: Pick<Worker, "name">): Promise<string> {
      const args = ["deploy", "-c", PLACEHOLDER_CONFIG, ...named({ name }), "--message", PLACEHOLDER_MESSAGE];
      return idIn(args, await run(args), "deploy");
    },
    deployTriggers: async (worker: Worker, environment: string) =>
      (await run(["triggers", "deploy", ...to(worker, environment)])).stdout,
  };
}

function idIn(args: readonly string[], { said, entries }: Ran, type: OutputEntry["type"]): string {
  const id = entries.find((entry) => entry.type === type)?.version_id;
  if (id) return id;
  throw new WranglerError(args, { said: `${said}\n(it named no version that it made)` });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
