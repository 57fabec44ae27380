/** A version of a Worker, as the account keeps it. */
export type StoredVersion = {
  readonly id: string;
  readonly created_on: string;
  readonly annotations: Record<string, string>;
  readonly bindings: readonly { readonly type: string; readonly name: string; readonly text?: string }[];
  readonly migration_tag: string | undefined;
  readonly code: string;
  /** The classes that its code exports. */
  readonly exports: readonly string[];
  /** Values of the secrets that it was made with. */
  readonly secrets: string;
};

export type StoredDeployment = {
  readonly created_on: string;
  readonly versions: readonly { readonly version_id: string; readonly percentage: number }[];
  readonly annotations: Record<string, string>;
};

export type StoredWorker = {
  secrets: Record<string, string>;
  versions: StoredVersion[];
  deployments: StoredDeployment[];
  migrationTag?: string | undefined;
  classes: string[];
  crons: string[];
  address?: string;
};

export type StoredDatabase = {
  readonly uuid: string;
  readonly name: string;
  readonly location: string | undefined;
  readonly jurisdiction: string | undefined;
  replication: "auto" | "disabled";
  tables: string[];
  migrations: string[];
};

/** One Cloudflare account, as JSON: what exists in it, and what the code of each Worker is now. */
export type State = {
  isLoggedIn: boolean;
  accounts: { id: string; name: string }[];
  subdomain: string | null;
  databases: StoredDatabase[];
  queues: { name: string; consumers: string[] }[];
  buckets: string[];
  workers: Record<string, StoredWorker>;
  /** What a bundle of each folder holds, such as `v1`: a change of it is a change of the Worker's code. */
  code: Record<string, string>;
  /** Files of migrations/ that exist beside those of the repository. */
  moreMigrations: string[];
  /** Counted up by everything that is dated or has an id. */
  clock: number;
};

export const ACCOUNT_ID = "0123456789abcdef0123456789abcdef";

export const emptyAccount = (): State => ({
  isLoggedIn: true,
  accounts: [{ id: ACCOUNT_ID, name: "Acme" }],
  subdomain: "acme",
  databases: [],
  queues: [],
  buckets: [],
  workers: {},
  code: {},
  moreMigrations: [],
  clock: 0,
});

export const nextTime = (state: State): string => new Date(Date.UTC(2026, 0, 1) + ++state.clock * 1_000).toISOString();

export const nextId = (state: State): string =>
  `00000000-1111-4222-8333-${(++state.clock).toString(16).padStart(12, "0")}`;

/** How a Worker's requests are shared out now. */
export const trafficOf = (worker: StoredWorker | undefined): StoredDeployment["versions"] =>
  worker?.deployments.at(-1)?.versions ?? [];
