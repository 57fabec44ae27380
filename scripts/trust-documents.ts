import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { GraphQLSchema } from "graphql";
import { parse as parseYaml } from "yaml";
import {
  extensionOf,
  findClashes,
  findClientProblems,
  manifestOf,
  readClientFile,
  TrustSettings,
} from "./client-manifests.ts";

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

const settings = TrustSettings.safeParse(parseYaml(readFileSync(new URL("trusted-documents.yaml", ROOT), "utf8")));
if (!settings.success) {
  for (const { path, message } of settings.error.issues)
    console.error(`trusted-documents.yaml: ${path.join(".")}: ${message}`);
  process.exit(1);
}

const reads = settings.data.flatMap(({ folder, kind }) => {
  if (!existsSync(new URL(`${folder}/`, ROOT)))
    return [{ kind, documents: [], problems: [`trusted-documents.yaml: there is no folder ${folder}.`] }];
  return readdirSync(new URL(`${folder}/`, ROOT), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(extensionOf(kind)))
    .map((name) => `${folder}/${name}`)
    .map((file) => ({ kind, ...readClientFile(kind, file, readFileSync(new URL(file, ROOT), "utf8")) }));
});
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
