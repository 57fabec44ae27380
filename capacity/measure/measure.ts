import { readdirSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { serialize } from "node:v8";
import type { D1Database } from "@cloudflare/workers-types";
import { parseRecord } from "#contracts/parse.ts";
import type { ConcordEvent, DeviceKey } from "#domain/event.ts";
import { HISTORY_LIMIT } from "#domain/history.ts";
import { EMPTY_MEMORY, mergeAndJournal } from "#domain/journal.ts";
import { packParcels, type QueuedRecord } from "#queue/parcel.ts";
import { FleetRepository } from "#repositories/fleet.ts";
import { aDevice, anEvent, START_MS } from "#testing/builders.ts";
import type { Measured } from "../measured.ts";
import { measureArchive } from "./archive.ts";

const DEVICES = 4_000;
/** The tables of the search, those of the full-text index included. */
const SEARCH = /^device_(?:texts|search)/;

/** Writes a small fleet through the repository of the consumer, into a SQLite with the migrations, and weighs it. */
export async function measure(): Promise<Measured> {
  const db = migrated();
  const fleet = new FleetRepository(handleOf(db));
  for (let at = 0; at < DEVICES; at += 100) {
    await fleet.merge(Array.from({ length: 100 }, (_, i) => eventsOf(scattered(at + i), 2)).flat());
  }
  const bytes = bytesByTable(db);
  const perRow = (table: string) => Math.round((bytes.get(table) ?? 0) / countOf(db, table));
  const status = statusRecord("t-1", 1);
  return {
    note: "Written by `npm run generate` (capacity/measure/): bytes of rows, messages and objects, by the code that writes them.",
    devices: countOf(db, "devices"),
    d1BytesPerDevice: perRow("devices"),
    d1RowBytesOfDevice: rowBytesOf(db, "devices"),
    d1BytesPerDeviceWithRowid: perDeviceWithRowid(db),
    d1BytesPerDeviceSearch: Math.round(
      [...bytes].reduce((sum, [table, its]) => (SEARCH.test(table) ? sum + its : sum), 0) / countOf(db, "devices"),
    ),
    d1BytesPerAssignment: perRow("assignments"),
    d1BytesPerDealer: perRow("dealer_records"),
    d1BytesPerCustomer: perRow("customer_records"),
    d1BytesPerAlert: perRow("alerts"),
    queueBytesPerRecord: queueOverheadOf(status),
    statusValueBytes: status.value?.length ?? 0,
    objectBytesFull: objectBytes(HISTORY_LIMIT),
    objectBytesFirst: objectBytes(1),
    ...(await measureArchive()),
  };
}

/** Ids in no order, as those of devices are: B-trees that are filled in order are denser. */
const scattered = (index: number): string => ((index * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, "0");

/** A whole life: registered, with a dealer, a customer, a profile, a report, and some alerts. */
function eventsOf(id: string, alerts: number): ConcordEvent[] {
  const records = aDevice({
    key: `elt:${id}`,
    dealer: { dealerId: `D-${Number.parseInt(id, 16) % 1_000}`, name: "Arctic Air Conditioning" },
    customer: { customerId: `C-${id}`, name: "Alexandra Martinez" },
    profile: { name: "Upstairs hallway", model: "ELT-300", firmware: "4.2.1" },
    status: { online: true, mode: "cool", indoorTemperatureC: 24.1, coolSetpointC: 23, equipment: ["compressor1"] },
    alerts: Array.from({ length: alerts }, (_, i) => ({
      alertId: `a-${id}-${i}`,
      text: "The filter is due for replacement.",
      state: "CLEARED" as const,
    })),
  });
  return records.map(toEvent);
}

const statusRecord = (deviceId: string, minute: number) =>
  anEvent("device.elt.status.reported", { deviceId, occurredAt: new Date(START_MS + minute * 60_000) });

type Built = ReturnType<typeof statusRecord> | ReturnType<typeof aDevice>[number];

function toEvent(record: Built): ConcordEvent {
  const parsed = parseRecord(record, START_MS + 365 * 86_400_000);
  if (!parsed.ok) throw new Error(`The contract refuses ${record.topic}: ${JSON.stringify(parsed.rejection)}`);
  return parsed.event;
}

function queueOverheadOf(status: Built): number {
  const { topic, key, value, headers, timestampMs } = status;
  const place = { partition: 12, offset: 123_456_789 };
  const queued: QueuedRecord = {
    ...{ topic, key, value, timestampMs, receivedAtMs: START_MS },
    ...place,
    headers: Object.entries(headers),
  };
  const records = Array.from({ length: 100 }, () => queued);
  const [parcel] = packParcels(records);
  return Math.ceil(JSON.stringify(parcel).length / 100) - (status.value?.length ?? 0);
}

/** The store of an object keeps what V8 serializes. */
function objectBytes(events: number): number {
  const key: DeviceKey = "elt:0000beef";
  const history = Array.from({ length: events }, (_, i) => toEvent(statusRecord("0000beef", i)));
  const { memory } = mergeAndJournal(EMPTY_MEMORY, [...eventsOf(key.slice(4), 0).slice(0, events), ...history]);
  return serialize({ ...memory, consistencyToken: "0".repeat(70) }).byteLength;
}

function migrated(): DatabaseSync {
  const db = new DatabaseSync(":memory:");
  const files = readdirSync("migrations").filter((name) => name.endsWith(".sql"));
  for (const file of files.sort()) db.exec(readFileSync(`migrations/${file}`, "utf8"));
  return db;
}

/** The part of D1 that the fleet's repository uses. Every statement of it has one parameter. */
function handleOf(db: DatabaseSync): Pick<D1Database, "prepare" | "batch"> {
  const meta = { rows_read: 0, rows_written: 0 };
  const bound = (sql: string, parameter: string) => ({
    run: () => ({ results: db.prepare(sql).all(parameter), meta }),
  });
  return {
    prepare: (sql: string) => ({ bind: (parameter: string) => bound(sql, parameter) }),
    batch: async (statements: readonly ReturnType<typeof bound>[]) => {
      db.exec("BEGIN");
      const results = statements.map((statement) => statement.run());
      db.exec("COMMIT");
      return results;
    },
  } as unknown as Pick<D1Database, "prepare" | "batch">;
}

/** Bytes of whole pages, of each table with its indexes: what D1 counts as the size of a database. */
function bytesByTable(db: DatabaseSync): Map<string, number> {
  const rows = db
    .prepare(
      "SELECT m.tbl_name AS name, sum(s.pgsize) AS bytes FROM dbstat s JOIN sqlite_schema m USING (name) GROUP BY 1",
    )
    .all() as { name: string; bytes: number }[];
  return new Map(rows.map(({ name, bytes }) => [name, bytes]));
}

/** What is in the rows of a table, without its indexes and without what is free in a page. */
const rowBytesOf = (db: DatabaseSync, table: string): number =>
  Math.round(
    (db.prepare("SELECT sum(payload) AS n FROM dbstat WHERE name = ?").get(table) as { n: number }).n /
      countOf(db, table),
  );

/** The devices of a database in a table that has a rowid, with the index that its key needs then, and all others. */
function perDeviceWithRowid(db: DatabaseSync): number {
  const statements = db
    .prepare("SELECT sql FROM sqlite_schema WHERE tbl_name = 'devices' AND type <> 'trigger' AND sql IS NOT NULL")
    .all() as { sql: string }[];
  const copy = (sql: string) => sql.replaceAll("devices", "with_rowid").replace(/WITHOUT ROWID/i, "");
  for (const { sql } of statements) db.exec(copy(sql));
  db.exec("INSERT INTO with_rowid SELECT * FROM devices ORDER BY latest");
  const bytes = bytesByTable(db).get("with_rowid") ?? 0;
  return Math.round(bytes / countOf(db, "with_rowid"));
}

const countOf = (db: DatabaseSync, table: string): number =>
  (db.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number }).n;
