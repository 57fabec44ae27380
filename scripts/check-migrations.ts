/**
 * Checks that migrations are safe while the Workers of the last release run on the same database: those that have shipped
 * are as they were, each statement of a new one only adds or has a reason, and together they are the tables of the code.
 * That each keeps its rows is a test: scripts/migrations/seeded-copy.test.ts
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../local/tool.ts";
import { historyOf } from "./history.ts";
import { unknownLatest, unwrittenMigrations } from "./migrations/drift.ts";
import { judgeMigrations, refusalText } from "./migrations/judge.ts";
import { readExceptions } from "./migrations/reviewed.ts";
import { compareWithShipped, migrationFiles } from "./migrations/shipped.ts";

const files = migrationFiles(ROOT);
const migrations = files.map((file) => ({ file, sql: readFileSync(join(ROOT, "migrations", file), "utf8") }));
const exceptions = readExceptions();
const { shipped, problems, notes } = compareWithShipped(historyOf(), ROOT);
const { refusals, costs } = judgeMigrations(migrations, exceptions);

const all = [
  ...problems,
  ...refusals.map(refusalText),
  ...exceptions
    .filter(({ file }) => shipped !== null && !shipped.has(file))
    .map(
      ({ file }) =>
        `migrations/reviewed.toml names ${file}, which has not shipped: write the reason into it, above the statement.`,
    ),
  ...unwrittenMigrations(),
  ...unknownLatest(),
];
for (const note of notes) console.log(note);
for (const { file, line, costs: what } of costs)
  if (shipped?.has(file) === false) console.log(`migrations/${file}:${line} ${what}.`);
for (const problem of all) console.error(`  ✗ ${problem}`);
if (all.length > 0) {
  console.error("CONTRIBUTING.md says how a table is changed while Workers run on it.");
  process.exit(1);
}
console.log(
  `${files.length} migrations: those that shipped are unchanged, and the others add without breaking what runs.`,
);
