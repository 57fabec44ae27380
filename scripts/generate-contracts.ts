/**
 * Writes the documentation of the contracts: docs/contracts.md for people, docs/asyncapi.json for tools; of a
 * backfill's mapping: its JSON Schema for editors, its reference for people; of parity: the JSON Schemas of its file and
 * its report; and of the stream to analysts' tables: its schema. With `--check` it writes nothing, and fails if a file is out of date.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { streamSchema } from "#archive/stream/stream-schema.ts";
import { asyncApiDocument } from "#contracts/asyncapi.ts";
import { catalogueMarkdown } from "#contracts/catalogue.ts";
// Fails if a source says otherwise than its contracts which commands it takes.
import "#contracts/commands.ts";
import { withReference } from "../backfill/mapping/reference.ts";
import { mappingJsonSchema } from "../backfill/mapping/schema.ts";
import { reportJsonSchema } from "../parity/report/schema.ts";
import { settingsJsonSchema } from "../parity/settings/schema.ts";

const urlOf = (file: string) => new URL(`../${file}`, import.meta.url);

const FILES = {
  "docs/contracts.md": catalogueMarkdown(),
  "docs/asyncapi.json": `${JSON.stringify(asyncApiDocument(), null, 2)}\n`,
  "docs/backfill-mapping.schema.json": `${JSON.stringify(mappingJsonSchema(), null, 2)}\n`,
  "docs/parity.schema.json": `${JSON.stringify(settingsJsonSchema(), null, 2)}\n`,
  "docs/parity-report.schema.json": `${JSON.stringify(reportJsonSchema(), null, 2)}\n`,
  "docs/analytics/stream-schema.json": `${JSON.stringify(streamSchema(), null, 2)}\n`,
  "docs/backfill.md": withReference(readOrEmpty("docs/backfill.md")),
};

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
