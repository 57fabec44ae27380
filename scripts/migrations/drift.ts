import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { LATEST_MIGRATION } from "#repositories/latest-migration.ts";
import { ROOT, runTool } from "../../local/tool.ts";
import { migrationFiles } from "./shipped.ts";

/** drizzle-kit writes another migration exactly if the tables differ from the migrations. */
export function unwrittenMigrations(): string[] {
  const scratch = mkdtempSync(join(tmpdir(), "concord-migrations-"));
  try {
    cpSync(join(ROOT, "migrations"), scratch, { recursive: true });
    const options = ["--dialect", "sqlite", "--schema", "./src/shared/repositories/*tables.ts"];
    // It takes every folder as relative to the one that it runs in, and ends with 0 even after an error.
    const { stdout, stderr } = runTool("drizzle-kit", ["generate", ...options, "--out", relative(ROOT, scratch)]);
    const known = migrationFiles(ROOT);
    const extra = readdirSync(scratch).filter((file) => file.endsWith(".sql") && !known.includes(file));
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
export function unknownLatest(): string[] {
  const latest = migrationFiles(ROOT).at(-1);
  if (latest === LATEST_MIGRATION) return [];
  return [`src/shared/repositories/latest-migration.ts says ${LATEST_MIGRATION}; the last one is ${latest}.`];
}
