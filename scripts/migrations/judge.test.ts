import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { judgeMigrations, type Migration, refusalText } from "./judge.ts";
import { readExceptions } from "./reviewed.ts";

const BEFORE: Migration = {
  file: "0000_initial.sql",
  sql: "CREATE TABLE devices (key text PRIMARY KEY, dealer_id text); CREATE INDEX by_dealer ON devices (dealer_id);",
};
const judge = (sql: string) => judgeMigrations([BEFORE, { file: "0001_next.sql", sql }], []);
const refused = (sql: string) => judge(sql).refusals.map(({ line, does }) => `${line}: ${does}`);

describe("a migration that expands is allowed", () => {
  it.each([
    ["a new table, and whatever is done to it", "CREATE TABLE a (b text); DELETE FROM a; DROP TABLE a;"],
    ["a column that may be NULL", "ALTER TABLE devices ADD COLUMN name text;"],
    ["a column with a default", "ALTER TABLE devices ADD name text DEFAULT '' NOT NULL;"],
    ["a column that is computed", "ALTER TABLE devices ADD name text NOT NULL AS (key || '') VIRTUAL;"],
    ["an index", "CREATE INDEX IF NOT EXISTS by_key ON devices (key);"],
    ["a unique index of a new table", "CREATE TABLE a (b text); CREATE UNIQUE INDEX by_b ON a (b);"],
    ["a view", "CREATE VIEW v AS SELECT 1;"],
    [
      "a trigger that writes elsewhere",
      "CREATE TRIGGER t AFTER INSERT ON devices BEGIN INSERT INTO a VALUES (1); END;",
    ],
    ["a bounded backfill", "UPDATE devices SET name = key WHERE name IS NULL;"],
    ["a backfill of some", "UPDATE devices SET name = key WHERE key IN (SELECT key FROM a WHERE true);"],
    ["a backfill by a condition in brackets", "UPDATE devices SET name = key WHERE (name IS NULL);"],
    ["a new table whose name stands as a string", "CREATE TABLE 'a' (b text); DELETE FROM a; DROP TABLE \"A\";"],
    ["a backfill of a new table", "CREATE TABLE a (b text); INSERT INTO a SELECT key FROM devices;"],
    ["an upsert", "INSERT INTO devices (key) VALUES ('DELETE') ON CONFLICT (key) DO UPDATE SET dealer_id = 'a';"],
  ])("%s", (_, sql) => {
    expect(refused(sql)).toEqual([]);
  });
});

describe("a migration that breaks what is running, or loses rows, is refused", () => {
  it.each([
    ["DROP TABLE devices;", /rows are gone/],
    ["drop /* ; */ table if exists `Devices`;", /rows are gone/],
    ["DROP INDEX by_dealer;", /read the whole table/],
    ["DROP TRIGGER t;", /no longer kept in step/],
    ["DROP VIEW v;", /fail from this moment/],
    ["DELETE FROM devices;", /Rows of devices are gone/],
    ["DELETE FROM main.devices WHERE key = 'a';", /Rows of devices are gone/],
    ["WITH a AS (SELECT 1) DELETE FROM devices WHERE key IN a;", /Rows of devices are gone/],
    ["CREATE TABLE IF NOT EXISTS devices (key text); DELETE FROM devices;", /Rows of devices are gone/],
    ["ALTER TABLE devices RENAME TO things;", /statements on devices fail/],
    ["ALTER TABLE devices RENAME COLUMN key TO id;", /statements on devices fail/],
    ["ALTER TABLE devices DROP COLUMN dealer_id;", /its values are gone/],
    ["ALTER TABLE devices ADD name text NOT NULL;", /SQLite refuses both/],
    ["ALTER TABLE devices ADD name text NOT NULL DEFAULT NULL;", /SQLite refuses both/],
    ["ALTER TABLE devices ADD dealer text REFERENCES d(id) ON DELETE SET NULL;", /ON DELETE SET NULL removes/],
    ["CREATE TABLE a (b text REFERENCES d(id) ON DELETE CASCADE);", /ON DELETE CASCADE removes/],
    ["CREATE TABLE `__new_devices` (key text);", /begins a rebuild/],
    ["CREATE UNIQUE INDEX u ON devices (dealer_id);", /two rows of devices are alike/],
    ["UPDATE devices SET dealer_id = NULL;", /every row of devices/],
    ["UPDATE devices SET dealer_id = (SELECT 1 WHERE 1) WHERE true;", /every row of devices/],
    ["UPDATE OR REPLACE devices SET key = 'a' WHERE key = 'b';", /REPLACE deletes/],
    ["REPLACE INTO devices VALUES ('a', 'b');", /REPLACE deletes/],
    ["INSERT OR REPLACE INTO devices VALUES ('a', 'b');", /REPLACE deletes/],
    ["CREATE TRIGGER t AFTER INSERT ON devices BEGIN DELETE FROM devices WHERE key = 'a'; END;", /Rows of devices/],
    ["CREATE TRIGGER t BEFORE UPDATE ON devices BEGIN SELECT RAISE(ABORT, 'no'); END;", /gets an error for writes/],
    ["CREATE TRIGGER t BEFORE INSERT ON devices BEGIN SELECT RAISE(IGNORE); END;", /told that they are done/],
    ["CREATE TABLE 'a' (b text); DROP TABLE 'devices';", /rows are gone/],
    ["CREATE TABLE 'a' (b text); DELETE FROM 'main'.'devices';", /Rows of devices are gone/],
    ["CREATE TABLE IF NOT EXISTS d1_migrations (id); DELETE FROM d1_migrations;", /Rows of d1_migrations are gone/],
    ["UPDATE devices SET dealer_id = NULL WHERE (1);", /every row of devices/],
    ["UPDATE devices SET dealer_id = NULL WHERE 'a' = 'a' OR (NOT 0);", /every row of devices/],
    ["PRAGMA foreign_keys=OFF;", /foreign keys off/],
    ["PRAGMA writable_schema = 1;", /writable_schema changes/],
    ["VACUUM;", /none of the statements/],
    ["WITH a AS (SELECT 1) SELECT * FROM a;", /none of the statements/],
  ])("%s", (sql, does) => {
    expect(refused(sql)).toEqual([expect.stringMatching(does)]);
  });

  it("with its place, what it would do to what is running, and what to do instead", () => {
    const [refusal] = judge("CREATE TABLE a (b text);\n\nDELETE FROM devices\nWHERE key = 'a';").refusals;
    expect(refusal && refusalText(refusal)).toBe(
      [
        "migrations/0001_next.sql:3: DELETE FROM devices",
        "      Rows of devices are gone, and a rollback of the Workers does not bring them back.",
        "      Mark the rows, or let a Worker delete what has run out, in bounded steps.",
      ].join("\n"),
    );
  });
});

describe("a reason", () => {
  const reviewed = "-- reviewed: no Worker since 0.4 reads it\nDROP TABLE devices;";

  it("excuses the statement below it and no other, and what is lost is told", () => {
    const { refusals, losses } = judge(`${reviewed}\nDELETE FROM dealers;`);
    expect(refusals.map(({ line }) => line)).toEqual([3]);
    expect(losses).toEqual(new Map([["0001_next.sql", new Set(["devices"])]]));
  });

  it("does not excuse what stands behind it in its line, or what became of its table", () => {
    expect(refused("-- reviewed: empty\nDROP TABLE devices; DELETE FROM dealers;")).toEqual([
      expect.stringMatching(/^2: Rows of dealers are gone/),
    ]);
    expect(refused("-- reviewed: empty\nALTER TABLE devices RENAME TO old;\nDROP TABLE old;")).toEqual([
      expect.stringMatching(/^3: Its rows are gone/),
    ]);
  });

  it("that excuses nothing is refused", () => {
    expect(refused("-- reviewed: why not\nCREATE TABLE a (b text);")).toEqual([
      expect.stringMatching(/needs no review/),
    ]);
  });

  it("outside of the file excuses the one statement that begins so", () => {
    const exception = { file: "0001_next.sql", statement: "DROP TABLE devices", reason: "nobody reads it" };
    const migrations = [BEFORE, { file: "0001_next.sql", sql: "DROP TABLE devices; DROP TABLE dealers;" }];
    expect(judgeMigrations(migrations, [exception]).refusals.map(({ statement }) => statement)).toEqual([
      "DROP TABLE dealers",
    ]);
    const tooShort = judgeMigrations(migrations, [{ ...exception, statement: "DROP" }]).refusals;
    expect(tooShort.at(-1)?.does).toMatch(/exactly one statement/);
  });
});

it("what an allowed statement costs is told", () => {
  const { costs } = judge("CREATE INDEX by_key ON devices (key); UPDATE devices SET dealer_id = 'a' WHERE key = 'b';");
  expect(costs.map(({ costs }) => costs)).toEqual([
    "writes an entry for each row of devices at once, and one with each later insert",
    "writes each row of devices that its WHERE finds, in one statement",
  ]);
});

it("all migrations of this repository pass, with the reasons that they have", () => {
  const files = readdirSync("migrations").filter((file) => file.endsWith(".sql"));
  const migrations = files.sort().map((file) => ({ file, sql: readFileSync(`migrations/${file}`, "utf8") }));
  expect(judgeMigrations(migrations, readExceptions()).refusals.map(refusalText)).toEqual([]);
  const without = judgeMigrations(migrations, []).refusals;
  expect(without.map(({ file, line }) => `${file}:${line}`)).toEqual([
    ...["0001_lists.sql:2", "0001_lists.sql:5", "0001_lists.sql:9"],
    ...["0008_sorted_audit.sql:1", "0008_sorted_audit.sql:2", "0008_sorted_audit.sql:3"],
    ...["0009_indexes_of_owners.sql:1", "0009_indexes_of_owners.sql:2"],
  ]);
});
