/**
 * Writes what the contracts say of themselves: docs/contracts.md for people, docs/asyncapi.json for tools.
 * With `--check` it writes nothing and fails when a file no longer says what the contracts say.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { asyncApiDocument } from "../src/shared/contracts/asyncapi.ts";
import { catalogueMarkdown } from "../src/shared/contracts/catalogue.ts";

const FILES = {
  "docs/contracts.md": catalogueMarkdown(),
  "docs/asyncapi.json": `${JSON.stringify(asyncApiDocument(), null, 2)}\n`,
};

const urlOf = (file: string) => new URL(`../${file}`, import.meta.url);

const stale = Object.entries(FILES).filter(([file, text]) => readOrEmpty(file) !== text);

if (process.argv.includes("--check")) {
  for (const [file] of stale) console.error(`${file} is stale: run node scripts/generate-contracts.ts and commit it.`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const [file, text] of stale) {
    writeFileSync(urlOf(file), text);
    console.log(`wrote ${file}`);
  }
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(urlOf(file), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
