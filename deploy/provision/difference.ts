import type { Account } from "../account/account.ts";
import type { CloudflareApi, DatabaseInfo } from "../account/cloudflare-api.ts";
import { type Database, databasesOf } from "../databases.ts";
import { type DatabaseSection, type Environment, isPlaceholder } from "../environment.ts";
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
  | { readonly kind: "create-database"; readonly name: string; readonly section: DatabaseSection }
  | {
      readonly kind: "write-database-id";
      readonly name: string;
      readonly section: DatabaseSection;
      readonly id: string;
    }
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
  const items: Item[] = [];
  for (const wanted of databasesOf(environment, workers)) {
    const found = (await account.listDatabases()).find((each) => each.name === wanted.name);
    const problem = found ? await mismatch(account, found.uuid, wanted, environment) : absence(wanted, environment);
    if (problem !== undefined) items.push({ what: `database ${wanted.name}`, state: "differs", note: problem });
    else if (!found) items.push(...newDatabase(wanted, environment));
    else {
      const info = await api.findDatabase(found.uuid);
      items.push(existingDatabase(found.uuid, wanted, environment, info), ...replicationItems(wanted, info));
    }
  }
  return items;
}

/** Why a database that the account does not have cannot simply be made. */
function absence({ name, id, section }: Database, environment: Environment): string | undefined {
  if (isPlaceholder(id)) return undefined;
  return `environments/${environment.name}.toml names ${id} in [${section}], and the account has no ${name}: another account, or a database that was deleted. Put the right id there, or 00000000-0000-4000-8000-000000000000 for a new database`;
}

/** Why a database that has the name is not the environment's. */
async function mismatch(
  account: Reading["account"],
  uuid: string,
  { name, id }: Database,
  environment: Environment,
): Promise<string | undefined> {
  if (!isPlaceholder(id)) {
    return id === uuid ? undefined : `environments/${environment.name}.toml names ${id}; its id is ${uuid}`;
  }
  const tables = await account.listTables(name);
  if (tables.length === 0 || tables.includes(OUR_TABLE)) return undefined;
  return `the name is taken by a database of somebody else, with ${tables.slice(0, 3).join(", ")}`;
}

function newDatabase(wanted: Database, { database: { location, jurisdiction } }: Environment): Item[] {
  const { name, section, isReplicated } = wanted;
  const note = jurisdiction ? `in jurisdiction ${jurisdiction}` : `in ${location}`;
  const created: Item = {
    ...{ what: `database ${name}`, state: "missing", note },
    change: { kind: "create-database", name, section },
  };
  return isReplicated ? [created, ...replicationItems(wanted, undefined)] : [created];
}

function existingDatabase(
  uuid: string,
  { name, id, section }: Database,
  environment: Environment,
  info: DatabaseInfo | null,
): Item {
  const what = `database ${name}`;
  if (id === uuid) return { what, state: "exists", ...placeNote(environment, info) };
  const change = { kind: "write-database-id", name, section, id: uuid } as const;
  return { what, state: "missing", note: "its id is not in the file", change };
}

/** Nobody reads the database of a rebuild from afar, so its replication is nobody's business. */
function replicationItems({ name, isLive, isReplicated }: Database, info: DatabaseInfo | null | undefined): Item[] {
  if (!isLive) return [];
  const [what, mode] = [`read replication of ${name}`, isReplicated ? "auto" : "disabled"] as const;
  if (info !== undefined && (info?.read_replication?.mode ?? "disabled") === mode) {
    return [{ what, state: "exists", note: mode }];
  }
  const state = info === undefined ? "missing" : "differs";
  return [{ what, state, note: mode, change: { kind: "set-replication", name, mode } }];
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

async function bucketItems({ account, environment: { archive }, workers }: Reading): Promise<Item[]> {
  const items: Item[] = [];
  const { location, jurisdiction } = archive;
  const place = jurisdiction ? `in jurisdiction ${jurisdiction}` : location && `in ${location}`;
  for (const name of new Set(workers.flatMap(({ buckets }) => buckets))) {
    const what = `bucket ${name}`;
    const isThere = await account.hasBucket(name, archive);
    const missing = { what, state: "missing", change: { kind: "create-bucket", name } } as const;
    items.push(isThere ? { what, state: "exists" } : { ...missing, ...(place && { note: place }) });
  }
  return items;
}
