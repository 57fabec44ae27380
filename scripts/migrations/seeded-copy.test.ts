import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { ROOT } from "../../local/tool.ts";
import { judgeMigrations } from "./judge.ts";
import { readExceptions } from "./reviewed.ts";
import { tryMigration } from "./seeded-copy.ts";
import { readTables, seed } from "./seeds.ts";
import { migrationFiles } from "./shipped.ts";

const MIGRATIONS = migrationFiles(ROOT).map((file) => ({
  file,
  sql: readFileSync(join(ROOT, "migrations", file), "utf8"),
}));
const ALL = MIGRATIONS.map(({ sql }) => sql);
const SEEDS = process.env.PROPERTY_RUNS ? 100 : 3;
const FIRST_SEED = Number(process.env.PROPERTY_SEED ?? 1);
const { losses } = judgeMigrations(MIGRATIONS, readExceptions());

it.each(MIGRATIONS.map(({ file }, i) => [file, i] as const))(
  "%s keeps the rows, and what was running goes on",
  (file, i) => {
    for (let drawn = FIRST_SEED; drawn < FIRST_SEED + SEEDS; drawn++) {
      const trial = { before: ALL.slice(0, i), migration: ALL[i] ?? "", losses: losses.get(file) ?? new Set<string>() };
      expect(tryMigration({ ...trial, seed: drawn }), `seed ${drawn}`).toEqual([]);
    }
  },
);

describe("a migration after all of them is found out", () => {
  const next = (migration: string, losing: string[] = []) =>
    tryMigration({ before: ALL, migration, losses: new Set(losing), seed: FIRST_SEED });

  it("unless it does nothing wrong", () => {
    expect(next("ALTER TABLE devices ADD note text; UPDATE devices SET note = key WHERE note IS NULL;")).toEqual([]);
  });

  it.each([
    [
      "that deletes some rows",
      "DELETE FROM devices WHERE key > 'infinity:2';",
      /rows of devices are gone or changed, such as/,
    ],
    ["that changes a column", "UPDATE alerts SET state = 'CLEARED';", /rows of alerts are gone or changed/],
    [
      "that drops a column",
      "ALTER TABLE webhook_deliveries DROP COLUMN last_error;",
      /cannot read webhook_deliveries .*last_error/,
    ],
    ["that renames a column", "ALTER TABLE devices RENAME COLUMN latest TO newest;", /cannot insert into devices/],
    ["that renames a table", "ALTER TABLE watches RENAME TO watching;", /cannot read watches/],
    [
      "that makes inserts of before fail",
      "CREATE TRIGGER strict BEFORE INSERT ON watches BEGIN SELECT RAISE(ABORT, 'no longer'); END;",
      /cannot insert into watches any more: no longer/,
    ],
    [
      "that makes updates of before fail",
      "CREATE TRIGGER strict BEFORE UPDATE OF status ON devices BEGIN SELECT RAISE(ABORT, 'no longer'); END;",
      /cannot set status of devices any more: no longer/,
    ],
    [
      "that leaves a row which refers to nothing",
      "PRAGMA foreign_keys = OFF; CREATE TABLE a (b text REFERENCES watches(id)); INSERT INTO a VALUES ('nowhere');",
      /foreign_key_check says: a/,
    ],
  ])("%s", (_, migration, problem) => {
    expect(next(migration)).toContainEqual(expect.stringMatching(problem));
  });

  it("if it fails on the rows that are there", () => {
    expect(() => next("ALTER TABLE devices ADD site text NOT NULL;")).toThrow(/NOT NULL/);
    expect(() => next("CREATE UNIQUE INDEX one_each ON assignments (dealer_id);")).toThrow(/UNIQUE/);
  });

  it("but for the tables that it loses with a reason", () => {
    expect(next("DELETE FROM watches;", ["watches"])).toEqual([]);
  });
});

it("every table has rows of which some belong to rows of another", () => {
  using database = new DatabaseSync(":memory:");
  for (const sql of ALL) database.exec(sql);
  seed(database, FIRST_SEED);
  const count = (sql: string) => Number(Object.values(database.prepare(sql).get() ?? {})[0]);
  for (const { name } of readTables(database)) expect(count(`SELECT count(*) FROM ${name}`), name).toBeGreaterThan(0);
  expect(count("SELECT count(*) FROM devices JOIN alerts ON device_key = key")).toBeGreaterThan(5);
  expect(count("SELECT count(*) FROM devices JOIN dealer_records USING (dealer_id)")).toBeGreaterThan(5);
});
