import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { deserialize } from "node:v8";
import { gunzipSync } from "node:zlib";
import { parquetReadObjects } from "hyparquet";
import { type JobKindName, type JobObjectName, OBJECT_OF } from "#ops/archive-api.ts";

/*
 * What the local runtime has stored, read from its files without it: an SQLite file for each database and each object, and
 * for the bucket one that says which blobs its objects are. What lies there besides is served to nobody: blobs of writes
 * and deletions that were cut off, and pages of rows that were removed.
 */

export type Row = Readonly<Record<string, unknown>>;

const databasesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".sqlite"))
    .map((name) => join(folder, name));

/** As the runtime has left it, also after a kill: nothing is written. */
function open<T>(path: string, read: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return read(db);
  } finally {
    db.close();
  }
}

function rowsOf(db: DatabaseSync, table: string): Row[] {
  const select = db.prepare(`SELECT * FROM "${table}"`);
  select.setReadBigInts(true);
  return select
    .all()
    .map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, whole(value)])));
}

/** Times of the platform are in nanoseconds, which no number holds. */
const whole = (value: unknown): unknown =>
  typeof value !== "bigint" ? value : Number.isSafeInteger(Number(value)) ? Number(value) : String(value);

const tablesOf = (db: DatabaseSync, types: readonly string[]): string[] =>
  (db.prepare("SELECT name, type FROM pragma_table_list WHERE schema = 'main'").all() as Record<string, string>[])
    .filter(({ type }) => types.includes(type as string))
    .map(({ name }) => name as string);

/** The bucket's objects by name, as the runtime would serve them. */
export function bucketIn(folder: string): Map<string, Buffer> {
  const blobs = join(folder, "r2/concord-archive/blobs");
  const rows = databasesBelow(join(folder, "r2")).flatMap((path) =>
    open(path, (db) => (tablesOf(db, ["table"]).includes("_mf_objects") ? rowsOf(db, "_mf_objects") : [])),
  );
  return new Map(rows.map(({ key, blob_id }) => [key as string, readFileSync(join(blobs, blob_id as string))]));
}

/** A day file's rows. Numbers of 64 bits and times are as hyparquet has them. */
export const parquetRows = (bytes: Buffer): Promise<Row[]> =>
  // Of its own accord it takes a mark of the byte order for none of the text.
  parquetReadObjects({ file: new Uint8Array(bytes).buffer, parsers: { stringFromBytes } });

const stringFromBytes = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString();

/** The lines of a raw object. */
export const linesIn = (bytes: Buffer): Row[] =>
  gunzipSync(bytes)
    .toString()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Row);

export type StoredJob = {
  readonly kind: JobKindName;
  readonly state: string;
  readonly why: string | null;
  readonly steps: number;
  /** Above 0 while a step is under way: how often that step was begun. */
  readonly deaths: number;
  /** What each kind of job has of its own. */
  readonly progress: {
    readonly phase?: string;
    readonly place?: { readonly stage: string } | null;
    readonly plan?: readonly string[];
  };
};

/**
 * A job as its object has stored it, also while the runtime is at work: read off a copy, so that neither locks the other
 * out. `undefined` if the copy was made in the middle of something.
 */
export function findStoredJob(folder: string, object: JobObjectName): StoredJob | undefined {
  const copy = mkdtempSync(join(tmpdir(), "concord-job-"));
  try {
    cpSync(join(folder, "do/concord-archive-ArchiveJob"), copy, {
      recursive: true,
      filter: (name) => !name.endsWith("-shm"),
    });
    return jobsIn(copy).find(({ kind }) => OBJECT_OF[kind] === object);
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown) return undefined;
    throw thrown;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

const jobsIn = (folder: string) =>
  databasesBelow(folder).flatMap((path) =>
    open(path, (db) => {
      if (!tablesOf(db, ["table"]).includes("_cf_KV")) return [];
      const row = db.prepare("SELECT value FROM _cf_KV WHERE key = 'job:run'").get() as Row | undefined;
      return row ? [deserialize(row.value as Uint8Array) as StoredJob] : [];
    }),
  );

/** What a rebuild does not make: letters, what operators did and watch, and what SQLite and the platform keep. */
const NOT_REBUILT = /^(_cf|sqlite|d1_|dead_letter|letter_|audit_log|replay_runs|desk_alerts|webhook|token_|watches)/;
/** Counted by each database for itself. */
const OWN_COLUMNS = new Set(["revision", "id"]);

export type Tables = Readonly<Record<string, readonly string[]>>;

/** Every row of the fleet in both databases, as text, in one order. Only the live one has an audit log. */
export function fleetsIn(folder: string): { readonly live: Tables; readonly rebuilt: Tables } {
  const [live, rebuilt] = databasesBelow(join(folder, "d1"))
    .flatMap((path) => open(path, (db) => (tablesOf(db, ["table"]).includes("audit_log") ? [fleetOf(db)] : [])))
    .sort((a, b) => b.audited - a.audited);
  if (!live || !rebuilt) throw new Error("there are not two databases");
  return { live: live.tables, rebuilt: rebuilt.tables };
}

function fleetOf(db: DatabaseSync): { readonly audited: number; readonly tables: Tables } {
  const names = tablesOf(db, ["table", "virtual"]).filter((name) => !NOT_REBUILT.test(name));
  const tables = names.map((name) => [name, rowsOf(db, name).filter(isCounted).map(toText).sort()]);
  return { audited: rowsOf(db, "audit_log").length, tables: Object.fromEntries(tables) };
}

/** A count of none may be a row or not. */
const isCounted = (row: Row): boolean =>
  !Object.entries(row).some(([name, value]) => ["devices", "alerts"].includes(name) && value === 0);

const toText = (row: Row): string =>
  JSON.stringify(
    Object.entries(row).flatMap(([name, value]) => (OWN_COLUMNS.has(name) ? [] : [[name, sorted(value)]])),
  );

/** JSON whose members are in one order, whatever order they were written in. */
function sorted(value: unknown): unknown {
  if (typeof value !== "string" || !/^[[{]/.test(value)) return value;
  return JSON.stringify(JSON.parse(value), (_, inner) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/**
 * Where a text is: `bucket {first folder}`, or `{folder of the database} {table}.{column}`. Rows are looked through as bytes,
 * in both encodings in which objects keep texts; files also unzipped and out of Parquet.
 */
export async function placesOf(folder: string, text: string): Promise<string[]> {
  const places = new Set<string>();
  for (const path of databasesBelow(folder)) {
    const store = relative(folder, path).split("/").slice(0, -1).join("/");
    open(path, (db) => {
      for (const table of tablesOf(db, ["table", "virtual", "shadow"]))
        for (const row of rowsOf(db, table))
          for (const [column, value] of Object.entries(row))
            if (holds(value, text)) places.add(`${store} ${table}.${column}`);
    });
  }
  for (const [key, bytes] of bucketIn(folder))
    if (await fileHolds(key, bytes, text)) places.add(`bucket ${key.split("/")[0]}`);
  return [...places].sort();
}

/** A search index has words in lower case. */
function holds(value: unknown, text: string): boolean {
  if (!(value instanceof Uint8Array)) return String(value).toLowerCase().includes(text.toLowerCase());
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const encodings = ["latin1", "utf16le"] as const;
  const words = [text, text.toLowerCase()].flatMap((word) => encodings.map((encoding) => Buffer.from(word, encoding)));
  return words.some((word) => bytes.includes(word));
}

/** Whether a file of the bucket has a text anywhere. */
export async function fileHolds(key: string, bytes: Buffer, text: string): Promise<boolean> {
  if (holds(key, text) || holds(bytes, text)) return true;
  if (key.endsWith(".parquet")) return holds(JSON.stringify(await parquetRows(bytes), plain), text);
  // All gzip streams of a file, one behind the other; what is no stream at its end is passed over.
  return GZIP.equals(bytes.subarray(0, GZIP.length)) && holds(gunzipSync(bytes), text);
}

const GZIP = Buffer.from([0x1f, 0x8b]);

const plain = (_: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);
