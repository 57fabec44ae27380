import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { GraphQLSchema } from "graphql";
import { manifestOf, problemsOf } from "./document-manifest.ts";

/**
 * Puts every `.graphql` file of the folders into src/shared/graphql/trusted-documents.json, by the hash of its text: what
 * browsers may ask. A document that the API would refuse is not taken. With --check it writes nothing, and says whether
 * the manifest is what would be written.
 */
const ROOT = new URL("../", import.meta.url);
const MANIFEST = new URL("src/shared/graphql/trusted-documents.json", ROOT);
const DEFAULT_FOLDERS = ["examples/dashboard"];

const { values, positionals } = parseArgs({
  options: { check: { type: "boolean", default: false } },
  allowPositionals: true,
});
const folders = positionals.length > 0 ? positionals : DEFAULT_FOLDERS;

// By URL, so that the Worker's code is checked with the Worker's types and not with Node's.
const { schema } = (await import(new URL("src/shared/graphql/schema/index.ts", ROOT).href)) as {
  schema: GraphQLSchema;
};

const documents = folders.flatMap((folder) =>
  readdirSync(new URL(`${folder}/`, ROOT), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".graphql"))
    .map((name) => `${folder}/${name}`)
    .map((file) => ({ file, text: readFileSync(new URL(file, ROOT), "utf8") })),
);
const problems = documents.flatMap(({ file, text }) => problemsOf(text, schema).map((problem) => `${file}:${problem}`));
const written = `${JSON.stringify(manifestOf(documents.map(({ text }) => text)), null, 2)}\n`;

if (problems.length > 0) {
  for (const problem of problems) console.error(problem);
  process.exitCode = 1;
} else if (!values.check) {
  writeFileSync(MANIFEST, written);
} else if (readFileSync(MANIFEST, "utf8") !== written) {
  console.error(
    "src/shared/graphql/trusted-documents.json is stale: run node scripts/trust-documents.ts and commit it.",
  );
  process.exitCode = 1;
}
