import type { Account } from "../account/account.ts";
import type { CloudflareApi, DatabaseInfo } from "../account/cloudflare-api.ts";
import { type Environment, isPlaceholder } from "../environment.ts";
import type { Worker } from "../workers.ts";

/** What an environment needs, beside what the account has of it. */
export type Item = {
  /** As `queue concord-events-staging`. */
  readonly what: string;
  readonly state: "exists" | "missing" | "differs";
  readonly note?: string;
  /** What makes it so. An item that differs and has none stops the run: only a human can decide. */
  readonly change?: Change;
};

export type Change =
  | { readonly kind: "create-database"; readonly name: string }
  | { readonly kind: "write-database-id"; readonly name: string; readonly id: string }
  | { readonly kind: "set-replication"; readonly name: string; readonly mode: "auto" | "disabled" }
  | { readonly kind: "create-queue"; readonly name: string }
  | { readonly kind: "create-bucket"; readonly name: string };

export type Reading = {
  readonly account: Pick<Account, "listDatabases" | "listTables" | "hasBucket">;
  readonly api: Pick<CloudflareApi, "findDatabase" | "listQueues">;
  readonly environment: Environment;
  readonly workers: readonly Worker[];
};

/** Reads, and changes nothing. */
export async function findDifference(reading: Reading): Promise<readonly Item[]> {
  return [...(await databaseItems(reading)), ...(await queueItems(reading)), ...(await bucketItems(reading))];
}

/** A table that each database of ours has, since its first migration. */
const OUR_TABLE = "devices";

async function databaseItems({ account, api, environment, workers }: Reading): Promise<Item[]> {
  const name = workers.find(({ database }) => database !== undefined)?.database;
  if (name === undefined) return [];
  const found = (await account.listDatabases()).find((each) => each.name === name);
  const problem = found ? await mismatch(account, found, environment) : absence(name, environment);
  if (problem !== undefined) return [{ what: `database ${name}`, state: "differs", note: problem }];
  if (!found) return newDatabase(name, environment);
  const info = await api.findDatabase(found.uuid);
  return [existingDatabase(found, environment, info), replicationItem(name, environment, info)];
}

/** Why a database that the account does not have cannot simply be made. */
function absence(name: string, environment: Environment): string | undefined {
  const { id } = environment.database;
  if (isPlaceholder(id)) return undefined;
  return `environments/${environment.name}.toml names ${id}, and the account has no ${name}: another account, or a database that was deleted. Put the right id there, or 00000000-0000-4000-8000-000000000000 for a new database`;
}

/** Why a database that has the name is not the environment's. */
async function mismatch(
  account: Reading["account"],
  { uuid, name }: { readonly uuid: string; readonly name: string },
  environment: Environment,
): Promise<string | undefined> {
  const { id } = environment.database;
  if (!isPlaceholder(id)) {
    return id === uuid ? undefined : `environments/${environment.name}.toml names ${id}; its id is ${uuid}`;
  }
  const tables = await account.listTables(name);
  if (tables.length === 0 || tables.includes(OUR_TABLE)) return undefined;
  return `the name is taken by a database of somebody else, with ${tables.slice(0, 3).join(", ")}`;
}

function newDatabase(name: string, environment: Environment): Item[] {
  const { location, jurisdiction } = environment.database;
  const note = jurisdiction ? `in jurisdiction ${jurisdiction}` : `in ${location}`;
  const created: Item = {
    ...{ what: `database ${name}`, state: "missing", note },
    change: { kind: "create-database", name },
  };
  return wantedMode(environment) === "auto" ? [created, replicationItem(name, environment, undefined)] : [created];
}

function existingDatabase(
  { uuid, name }: { readonly uuid: string; readonly name: string },
  environment: Environment,
  info: DatabaseInfo | null,
): Item {
  const what = `database ${name}`;
  if (environment.database.id === uuid) return { what, state: "exists", ...placeNote(environment, info) };
  const change = { kind: "write-database-id", name, id: uuid } as const;
  return { what, state: "missing", note: "its id is not in the file", change };
}

const wantedMode = ({ database }: Environment) => (database.read_replication ? "auto" : "disabled");

/** @param info `undefined` for a database that is not made yet */
function replicationItem(name: string, environment: Environment, info: DatabaseInfo | null | undefined): Item {
  const [what, mode] = [`read replication of ${name}`, wantedMode(environment)] as const;
  if (info !== undefined && (info?.read_replication?.mode ?? "disabled") === mode) {
    return { what, state: "exists", note: mode };
  }
  const state = info === undefined ? "missing" : "differs";
  return { what, state, note: mode, change: { kind: "set-replication", name, mode } };
}

/** A database cannot be moved, so another place is told and does not stop anything. */
function placeNote({ database }: Environment, info: DatabaseInfo | null): { note?: string } {
  const place = info?.jurisdiction ?? info?.running_in_region?.toLowerCase();
  const wanted = database.jurisdiction ?? database.location;
  if (place === undefined || place === wanted) return {};
  return { note: `it is in ${place} and not in ${wanted}, and cannot be moved` };
}

async function queueItems({ api, workers }: Reading): Promise<Item[]> {
  const queues = new Map((await api.listQueues()).map((queue) => [queue.queue_name, queue]));
  const names = [...new Set(workers.flatMap((worker) => worker.queues))].sort();
  return names.map((name): Item => {
    const what = `queue ${name}`;
    const queue = queues.get(name);
    if (!queue) return { what, state: "missing", change: { kind: "create-queue", name } };
    const ours = workers.find(({ consumes }) => consumes.includes(name))?.name;
    const consumers = queue.consumers.map(({ script, service, type }) => script ?? service ?? type ?? "somebody");
    const stranger = consumers.find((consumer) => consumer !== ours);
    if (stranger !== undefined)
      return { what, state: "differs", note: `${stranger} consumes it, and not ${ours ?? "one of ours"}` };
    return { what, state: "exists" };
  });
}

async function bucketItems({ account, workers }: Reading): Promise<Item[]> {
  const items: Item[] = [];
  for (const name of new Set(workers.flatMap(({ buckets }) => buckets))) {
    const what = `bucket ${name}`;
    const isThere = await account.hasBucket(name);
    items.push(
      isThere ? { what, state: "exists" } : { what, state: "missing", change: { kind: "create-bucket", name } },
    );
  }
  return items;
}
