import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { parquetReadObjects } from "hyparquet";
import type { DeviceKey } from "#domain/event.ts";
import { CANARY, env, objectText } from "./person.ts";

/**
 * Looks for the canary in every store, whatever is in it: each column of each table of both databases, what the search index
 * knows, everything that the objects of devices, jobs, feeds, hubs, replay runs and metrics hold, and each object of the bucket, unzipped and out of Parquet.
 * It knows nothing of what a forgetting does.
 * @returns the places that have it
 */
export async function lookEverywhere(devices: readonly DeviceKey[]): Promise<string[]> {
  const found = await Promise.all([
    lookInDatabase("DB", env.DB),
    ...(env.REBUILT ? [lookInDatabase("REBUILT", env.REBUILT)] : []),
    lookInBucket(env.ARCHIVE),
    ...devices.map(async (key) => (has(await objectText(key)) ? [`object ${key}`] : [])),
    ...Object.keys(OTHER_OBJECTS).map(async (name) => lookInObjects(name, await objectsOf(name))),
    ...["files", "verification", "rebuild"].map(async (name) => (has(await jobText(name)) ? [`job ${name}`] : [])),
  ]);
  return found.flat().sort();
}

/** Lower case, since a search index folds it. */
const has = (text: string): boolean => text.toLowerCase().includes(CANARY.toLowerCase());

export const OTHER_OBJECTS: Readonly<Record<string, DurableObjectNamespace>> = {
  feeds: env.DEALER_FEEDS,
  hubs: env.HUBS,
  runs: (env as unknown as { readonly RUNS: DurableObjectNamespace }).RUNS,
  metrics: env.METRICS as unknown as DurableObjectNamespace,
};

async function objectsOf(name: string): Promise<DurableObjectStub[]> {
  const namespace = OTHER_OBJECTS[name] as DurableObjectNamespace;
  return (await listDurableObjectIds(namespace)).map((id) => namespace.get(id));
}

/** Keys, values and rows of each; what the stand-in for metrics was sent is in its memory. */
async function lookInObjects(name: string, stubs: readonly DurableObjectStub[]): Promise<string[]> {
  const texts = await Promise.all(
    stubs.map((stub) =>
      runInDurableObject(stub, (instance, { storage: { kv, sql } }) => {
        const tables = sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'").toArray();
        const own = tables.filter((table) => !table.name.startsWith("_cf") && !table.name.startsWith("sqlite_"));
        const rows = own.map((table) => sql.exec(`SELECT * FROM "${table.name}"`).toArray());
        const reports = (instance as unknown as { reports?: () => unknown }).reports?.();
        return JSON.stringify([[...kv.list<unknown>()], rows, reports]);
      }),
    ),
  );
  return texts.some(has) ? [name] : [];
}

const jobText = (name: string): Promise<string> =>
  runInDurableObject(env.JOBS.getByName(name), (_, { storage }) => JSON.stringify([...storage.kv.list<unknown>()]));

async function lookInDatabase(name: string, db: D1Database): Promise<string[]> {
  const { results: tables } = await db
    .prepare(
      "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '_cf%' AND name NOT LIKE 'sqlite_%'",
    )
    .all<{ name: string; sql: string }>();
  const places: string[] = [];
  for (const table of tables) {
    const { results } = await db.prepare(`SELECT * FROM "${table.name}"`).all<Record<string, unknown>>();
    for (const row of results)
      for (const [column, value] of Object.entries(row))
        if (has(textOf(value))) places.push(`${name} ${table.name}.${column}`);
  }
  return places;
}

/** A full-text index keeps its words in blobs, in which words share beginnings, so that its own table of them is asked too. */
function textOf(value: unknown): string {
  if (value instanceof ArrayBuffer || Array.isArray(value))
    return new TextDecoder("latin1").decode(new Uint8Array(value as ArrayBuffer));
  return typeof value === "string" ? `${value} ${decodedBase64(value)}` : String(value);
}

function decodedBase64(text: string): string {
  try {
    return atob(text);
  } catch {
    return "";
  }
}

export async function lookInBucket(bucket: R2Bucket): Promise<string[]> {
  const places: string[] = [];
  let cursor: string | undefined;
  for (;;) {
    const page = await bucket.list({ ...(cursor && { cursor }), include: ["customMetadata", "httpMetadata"] });
    for (const { key, customMetadata } of page.objects) {
      const stored = await bucket.get(key);
      if (!stored) continue;
      const bytes = await stored.arrayBuffer();
      const texts = [key, JSON.stringify(customMetadata ?? {}), latin(bytes), ...(await contentsOf(key, bytes))];
      if (texts.some(has)) places.push(`bucket ${key.split("/")[0]}/`);
    }
    if (!page.truncated) return places;
    cursor = page.cursor;
  }
}

const latin = (bytes: ArrayBuffer): string => new TextDecoder("latin1").decode(bytes);

/** Also of a file that is made of several gzip streams, each of which is unzipped by itself. */
async function contentsOf(key: string, bytes: ArrayBuffer): Promise<string[]> {
  if (key.endsWith(".parquet")) {
    const rows = await parquetReadObjects({
      file: { byteLength: bytes.byteLength, slice: (a, b) => bytes.slice(a, b) },
    });
    return [JSON.stringify(rows, (_, value) => (typeof value === "bigint" ? String(value) : value))];
  }
  const all = new Uint8Array(bytes);
  const starts = [...all.keys()].filter((i) => all[i] === 0x1f && all[i + 1] === 0x8b && all[i + 2] === 8);
  const texts: string[] = [];
  for (const start of starts) {
    // A stream ends where the next one begins, at the end of the file, or before the footer of a segment.
    const ends = [...starts.filter((each) => each > start), all.length - FOOTER_BYTES, all.length];
    const found = await firstThat(ends, (end) => unzipped(bytes.slice(start, end)));
    if (found !== undefined) texts.push(found);
  }
  if (key.endsWith("z") || key.endsWith(".seg")) {
    if (texts.length === 0) throw new Error(`the test cannot read ${key}, so that it cannot say what is in it`);
  }
  return texts;
}

const FOOTER_BYTES = 8;

async function firstThat<T, R>(each: readonly T[], attempt: (one: T) => Promise<R>): Promise<R | undefined> {
  for (const one of each) {
    const result = await attempt(one).catch(() => undefined);
    if (result !== undefined) return result;
  }
  return undefined;
}

const unzipped = (bytes: ArrayBuffer): Promise<string> =>
  new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
