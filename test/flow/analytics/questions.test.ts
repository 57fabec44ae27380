import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Queue, R2Bucket } from "@cloudflare/workers-types";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { packParcels } from "#queue/parcel.ts";
import { type Stack, startStack } from "../../../local/stack.ts";
import { generate, type SampleRecord } from "../../../samples/generate.ts";
import { TEST_CREDENTIALS } from "../../support/rest-proxy.ts";
import * as oracle from "./oracle.ts";

const DAY_MS = 86_400_000;
/** Days on which the fleet's year is received. All of them are over. */
const DAYS = 3;

/** A year of a fleet, with repeats, late and faulty records. */
const RECORDS = generate({ seed: 5, devices: 60, events: 2_500 });

type Env = { readonly EVENTS: Queue; readonly ARCHIVE: R2Bucket };

let stack: Stack;
let folder: string;
let db: DuckDBConnection;

/** The blocks of SQL of docs/analytics.md by the word after `sql`. */
const BLOCKS = new Map(
  [...readFileSync("docs/analytics.md", "utf8").matchAll(/```sql ([\w-]+)\n([\s\S]*?)```/g)].map(
    ([, name = "", sql = ""]) => [name, sql],
  ),
);

const block = (name: string): string => {
  const sql = BLOCKS.get(name);
  if (!sql) throw new Error(`docs/analytics.md has no block of SQL called ${name}`);
  return sql;
};

type Row = Record<string, unknown>;

/** Whole numbers of 64 bits as numbers. */
async function ask(sql: string): Promise<Row[]> {
  const rows = (await db.runAndReadAll(sql)).getRowObjectsJS() as Row[];
  const plain = (value: unknown) => (typeof value === "bigint" ? Number(value) : value);
  return rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])));
}

/** Numbers that were rounded may differ in their last digit. */
const near = (rows: readonly Row[]) =>
  rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        typeof value === "number" && !Number.isInteger(value) ? expect.closeTo(value, 2) : value,
      ]),
    ),
  );

/** Through the queue, as the boundary would send them, but received on days of the past. */
async function receive({ EVENTS }: Env, records: readonly SampleRecord[], todayMs: number): Promise<void> {
  const queued = records.map(({ topic, key, value }, i) => {
    const receivedAtMs = todayMs - (DAYS + 1) * DAY_MS + Math.floor((i / records.length) * DAYS * DAY_MS);
    return { topic, key, value, receivedAtMs };
  });
  for (const parcel of packParcels(queued)) await EVENTS.send(parcel);
}

async function keysOf(bucket: R2Bucket, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await bucket.list({ prefix, ...(cursor && { cursor }) });
    keys.push(...page.objects.map(({ key }) => key));
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor);
  return keys;
}

/** Records that the consumer has settled, by its raw objects. */
async function settledIn(bucket: R2Bucket): Promise<number> {
  const objects = await Promise.all((await keysOf(bucket, "events/")).map((key) => bucket.head(key)));
  return objects.reduce((sum, object) => sum + Number(object?.customMetadata?.records ?? 0), 0);
}

type Manifest = { readonly parts: readonly { readonly key: string; readonly records: number }[] };

async function manifestsOf(bucket: R2Bucket): Promise<Manifest[]> {
  const keys = (await keysOf(bucket, "days/")).filter((key) => key.endsWith("/manifest.json"));
  return Promise.all(keys.map(async (key) => (await bucket.get(key))?.json() as Promise<Manifest>));
}

const countOf = (manifests: readonly Manifest[]): number =>
  manifests.flatMap(({ parts }) => parts).reduce((sum, { records }) => sum + records, 0);

async function copy(bucket: R2Bucket, to: string): Promise<void> {
  for (const key of await keysOf(bucket, "days/")) {
    const object = await bucket.get(key);
    if (!object) continue;
    mkdirSync(dirname(join(to, key)), { recursive: true });
    writeFileSync(join(to, key), new Uint8Array(await object.arrayBuffer()));
  }
}

describe("the archive's day files in DuckDB", () => {
  beforeAll(async () => {
    stack = await startStack({ secrets: TEST_CREDENTIALS });
    const env = await stack.worker<Env>("concord-ingest").getEnv();
    const { ARCHIVE } = env;
    await receive(env, RECORDS, Math.floor(Date.now() / DAY_MS) * DAY_MS);
    await vi.waitFor(async () => expect(await settledIn(ARCHIVE)).toBe(RECORDS.length), {
      timeout: 60_000,
      interval: 500,
    });
    const archive = stack.worker("concord-archive");
    await vi.waitFor(
      async () => {
        await archive.scheduled({ cron: "*/5 * * * *" });
        expect(countOf(await manifestsOf(ARCHIVE))).toBe(RECORDS.length);
        expect(await keysOf(ARCHIVE, "events/")).toEqual([]);
      },
      { timeout: 150_000, interval: 1_000 },
    );
    folder = mkdtempSync(join(tmpdir(), "concord-analytics-"));
    await copy(ARCHIVE, folder);
    db = await (await DuckDBInstance.create(":memory:")).connect();
    await db.run(`SET VARIABLE archive = '${folder}/'`);
    await db.run(block("files"));
    await db.run(block("views"));
  }, 200_000);

  afterAll(async () => {
    db?.closeSync();
    if (folder) rmSync(folder, { recursive: true, force: true });
    await stack?.stop();
  });

  it("hold each record that was accepted once, exactly as it was sent, on the day it was received", async () => {
    // As hex, since DuckDB's client for Node leaves out a byte order mark that a text begins with.
    const rows = await ask("SELECT topic, key, hex(value) AS value, value_encoding, receipt FROM records");
    expect(rows).toHaveLength(RECORDS.length);
    expect(new Set(rows.map(({ receipt }) => receipt)).size).toBe(RECORDS.length);
    const textOf = ({ topic, key, value, value_encoding }: Row) => {
      const text = value === null ? null : Buffer.from(String(value), "hex").toString();
      return JSON.stringify([topic, key, value_encoding ? Buffer.from(String(text), "base64").toString() : text]);
    };
    const sent = RECORDS.map(({ topic, key, value }) => JSON.stringify([topic, key, value]));
    expect(rows.map(textOf).sort()).toEqual(sent.sort());
    const days = await ask(
      "SELECT DISTINCT day = received_at::DATE AS is_its_day, count(DISTINCT day) AS days FROM records GROUP BY 1",
    );
    expect(days).toEqual([{ is_its_day: true, days: DAYS }]);
  });

  it("say of faulty records that they are dead letters, and the view of events has none of them and no repeat", async () => {
    const faulty = RECORDS.filter(({ fault }) => fault).length;
    const repeats = RECORDS.filter(({ repeats }) => repeats).length;
    expect(faulty).toBeGreaterThan(0);
    expect(repeats).toBeGreaterThan(0);
    expect(await ask("SELECT count(*) AS n FROM records WHERE outcome = 'deadLettered'")).toEqual([{ n: faulty }]);
    expect(await ask("SELECT count(*) AS n FROM events")).toEqual([{ n: RECORDS.length - faulty - repeats }]);
  });

  it("count a file that no manifest names not at all", async () => {
    const [{ file }] = (await ask("SELECT getvariable('files')[1] AS file")) as [{ file: string }];
    writeFileSync(join(dirname(file), "0000-unfinished.parquet"), readFileSync(file));
    const again = await (await DuckDBInstance.create(":memory:")).connect();
    await again.run(`SET VARIABLE archive = '${folder}/'`);
    await again.run(block("files"));
    const counted = await again.runAndReadAll("SELECT count(*)::INTEGER AS n FROM records");
    expect(counted.getRowObjectsJS()).toEqual([{ n: RECORDS.length }]);
    again.closeSync();
  });

  it.each([
    ["devices-by-status", oracle.devicesByStatus],
    ["assignments", oracle.assignments],
    ["time-to-acknowledge", oracle.timeToAcknowledge],
    ["offline-hours", oracle.offlineHours],
    ["temperatures-by-region", oracle.temperaturesByRegion],
  ] as const)("answer %s as a walk over the events does", async (name, answerOf) => {
    const expected = answerOf(RECORDS);
    expect(expected.length).toBeGreaterThan(2);
    expect(await ask(block(name))).toEqual(near(expected));
  });

  it("need nothing of DuckDB that has to be downloaded, where they lie in a folder", async () => {
    const loaded = await ask("SELECT extension_name, install_mode FROM duckdb_extensions() WHERE loaded");
    expect(loaded.filter(({ install_mode }) => install_mode !== "STATICALLY_LINKED")).toEqual([]);
    expect([...BLOCKS.keys()].filter((name) => /\b(INSTALL|LOAD)\b/.test(block(name)))).toEqual(["r2", "iceberg"]);
  });
});
