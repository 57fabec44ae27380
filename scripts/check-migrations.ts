import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runTool } from "../local/tool.ts";
import { LATEST_MIGRATION } from "../src/shared/repositories/latest-migration.ts";

/**
 * Holds migrations to what production can survive: they are append-only, they are what the tables say, and none drops
 * a table or switches foreign keys off unless a line `-- reviewed: why` stands in it. A table rebuild that drizzle-kit
 * writes has deleted other projects' rows.
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

/** drizzle-kit writes another migration exactly when the tables say something that no migration does. */
function unwrittenMigrations(): string[] {
  const scratch = mkdtempSync(join(tmpdir(), "concord-migrations-"));
  try {
    cpSync("migrations", scratch, { recursive: true });
    const options = ["--dialect", "sqlite", "--schema", "./src/shared/repositories/tables.ts", "--out", scratch];
    const { status, stdout, stderr } = runTool("drizzle-kit", ["generate", ...options]);
    if (status !== 0) return [`drizzle-kit failed: ${stdout}${stderr}`];
    const extra = readdirSync(scratch).filter((file) => file.endsWith(".sql") && !migrationFiles().includes(file));
    return extra.map(
      (file) =>
        `src/shared/repositories/tables.ts says more than the migrations do: run \`npm run migration\`.\n${readFileSync(join(scratch, file), "utf8")}`,
    );
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** The Workers say that they are not ready where this one is not applied. */
function unknownLatest(): string[] {
  const latest = migrationFiles().sort().at(-1);
  return latest === LATEST_MIGRATION
    ? []
    : [`src/shared/repositories/latest-migration.ts says ${LATEST_MIGRATION}; the last one is ${latest}.`];
}

function migrationFiles(): string[] {
  return readdirSync("migrations").filter((file) => file.endsWith(".sql"));
}
