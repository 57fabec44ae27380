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

async function databaseItems(reading: Reading): Promise<Item[]> {
  const { account, api, environment, workers } = reading;
  const name = workers.find(({ database }) => database !== undefined)?.database;
  if (name === undefined) return [];
  const what = `database ${name}`;
  const mode = environment.database.read_replication ? "auto" : "disabled";
  const replication: Item = {
    what: `read replication of ${name}`,
    state: "missing",
    note: mode,
    change: { kind: "set-replication", name, mode },
  };
  const { id, location, jurisdiction } = environment.database;
  const found = (await account.listDatabases()).find((each) => each.name === name);
  if (!found) {
    if (!isPlaceholder(id)) {
      const note = `environments/${environment.name}.toml names ${id}, and the account has no ${name}: another account, or a database that was deleted. Put the right id there, or 00000000-0000-4000-8000-000000000000 for a new database`;
      return [{ what, state: "differs", note }];
    }
    const note = jurisdiction ? `in jurisdiction ${jurisdiction}` : `in ${location}`;
    const created: Item = { what, state: "missing", note, change: { kind: "create-database", name } };
    return mode === "auto" ? [created, replication] : [created];
  }
  if (isPlaceholder(id)) {
    const tables = await account.listTables(name);
    if (tables.length > 0 && !tables.includes(OUR_TABLE)) {
      const note = `the name is taken by a database of somebody else, with ${tables.slice(0, 3).join(", ")}`;
      return [{ what, state: "differs", note }];
    }
  } else if (id !== found.uuid) {
    return [
      { what, state: "differs", note: `environments/${environment.name}.toml names ${id}; its id is ${found.uuid}` },
    ];
  }
  const info = await api.findDatabase(found.uuid);
  const isWritten = id === found.uuid;
  const inFile: Item = isWritten
    ? { what, state: "exists", ...placeNote(environment, info) }
    : {
        what,
        state: "missing",
        note: "its id is not in the file",
        change: { kind: "write-database-id", name, id: found.uuid },
      };
  const hasMode = (info?.read_replication?.mode ?? "disabled") === mode;
  return [
    inFile,
    hasMode ? { what: replication.what, state: "exists", note: mode } : { ...replication, state: "differs" },
  ];
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
