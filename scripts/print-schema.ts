import { readFile, writeFile } from "node:fs/promises";

/**
 * Prints the GraphQL schema to schema.graphql. With --check it writes nothing, and fails if the file is out of date.
 */
const FILE = new URL("../schema.graphql", import.meta.url);

// Imported by URL, so that the Worker's code is checked with the Worker's types and not with Node's.
const { schemaText } = (await import(new URL("../src/shared/graphql/schema-text.ts", import.meta.url).href)) as {
  schemaText: () => string;
};
const printed = schemaText();

if (!process.argv.includes("--check")) {
  await writeFile(FILE, printed);
} else if ((await readFile(FILE, "utf8").catch(() => "")) !== printed) {
  console.error("schema.graphql is not the schema of workers/api. Run: node scripts/print-schema.ts");
  process.exitCode = 1;
}
