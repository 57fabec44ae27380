import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { LATEST_MIGRATION } from "#repositories/latest-migration.ts";
import { ROOT, runTool } from "../local/tool.ts";

/**
 * Checks that migrations are safe for production: they are append-only, they match the tables, and none drops a table
 * or switches foreign keys off unless it has a line `-- reviewed: why`. A table rebuild written by drizzle-kit has
 * deleted other projects' rows.
 */
const problems = [...dangerousStatements(), ...unwrittenMigrations(), ...unknownLatest()];
for (const problem of problems) console.error(`  ✗ ${problem}`);
if (problems.length > 0) process.exit(1);
console.log("Migrations agree with the tables and drop nothing.");

function dangerousStatements(): string[] {
  return migrationFiles().flatMap((file) => {
    const sql = readFileSync(join("migrations", file), "utf8");
    if (/^-- reviewed: \S/m.test(sql)) return [];
    const found = [
      ...sql.matchAll(/\bDROP\s+TABLE\b|\bforeign_keys\s*=\s*OFF\b|\bON\s+DELETE\s+(?:CASCADE|SET\s+NULL)\b/gi),
    ];
    return found.map(
      ([statement]) => `migrations/${file} says ${statement}. If that is meant, say why in a line "-- reviewed: …".`,
    );
  });
}

/** drizzle-kit writes another migration exactly if the tables differ from the migrations. */
function unwrittenMigrations(): string[] {
  const scratch = mkdtempSync(join(tmpdir(), "concord-migrations-"));
  try {
    cpSync("migrations", scratch, { recursive: true });
    const options = ["--dialect", "sqlite", "--schema", "./src/shared/repositories/*tables.ts"];
    // It takes every folder as relative to the one that it runs in, and ends with 0 even after an error.
    const { stdout, stderr } = runTool("drizzle-kit", ["generate", ...options, "--out", relative(ROOT, scratch)]);
    const extra = readdirSync(scratch).filter((file) => file.endsWith(".sql") && !migrationFiles().includes(file));
    if (extra.length === 0 && !stdout.includes("No schema changes")) return [`drizzle-kit failed: ${stdout}${stderr}`];
    return extra.map(
      (file) =>
        `The tables of src/shared/repositories say more than the migrations do: run \`npm run migration\`.\n${readFileSync(join(scratch, file), "utf8")}`,
    );
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Workers are not ready until this migration is applied. */
function unknownLatest(): string[] {
  const latest = migrationFiles().sort().at(-1);
  return latest === LATEST_MIGRATION
    ? []
    : [`src/shared/repositories/latest-migration.ts says ${LATEST_MIGRATION}; the last one is ${latest}.`];
}

function migrationFiles(): string[] {
  return readdirSync("migrations").filter((file) => file.endsWith(".sql"));
}
