import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { GraphQLSchema } from "graphql";
import { findClashes, findClientProblems, manifestOf } from "./client-manifests.ts";
import { readTrustedFolders, TRUST_FILE } from "./trusted-folders.ts";

/**
 * Writes the documents of the folders in trusted-documents.yaml into src/shared/graphql/trusted-documents.json, by the
 * id that their client sends: the documents that browsers may run. It writes nothing while one of them is refused. With
 * --check it writes nothing, and fails if the file is out of date.
 */
const ROOT = new URL("../", import.meta.url);
const MANIFEST = new URL("src/shared/graphql/trusted-documents.json", ROOT);

const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });

// Imported by URL, so that the Worker's code is checked with the Worker's types and not with Node's.
const { schema } = (await import(new URL("src/shared/graphql/schema/index.ts", ROOT).href)) as {
  schema: GraphQLSchema;
};

const reads = readTrustedFolders(fileURLToPath(ROOT), readFileSync(new URL(TRUST_FILE, ROOT), "utf8"));
const documents = reads.flatMap((read) => read.documents);
const problems = [
  ...reads.flatMap((read) => read.problems),
  ...reads.flatMap(({ kind, documents }) => documents.flatMap((each) => findClientProblems(kind, each, schema))),
  ...findClashes(documents),
];
const written = `${JSON.stringify(manifestOf(documents), null, 2)}\n`;

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
