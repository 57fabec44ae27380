import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { codegen } from "@graphql-codegen/core";
import * as typescriptOperations from "@graphql-codegen/typescript-operations";
import { type DefinitionNode, type OperationDefinitionNode, parse } from "graphql";
import { documentIdOf } from "./document-manifest.ts";
import { formatSource } from "./format-source.ts";

/**
 * Writes examples/dashboard/generated.ts: for each document beside it the types of what goes in and what comes out, and
 * the id by which the API trusts it. A client sends the id alone, so the text stays out of the bundle. With `--check`
 * it writes nothing and fails when the file is not what would be written.
 */
const root = new URL("..", import.meta.url);
const FOLDER = "examples/dashboard/";
const FILE = `${FOLDER}generated.ts`;

type DocumentFile = { readonly text: string; readonly operation: OperationDefinitionNode };

const HEADER = `// Written by \`npm run generate\` from schema.graphql and the documents beside this file; not to be edited.
import type { TrustedDocument } from "concord-sdk/graphql";
`;

const written = formatSource(FILE, `${HEADER}\n${await types()}\n${documentFiles().map(documentConstant).join("\n")}`);

if (!process.argv.includes("--check")) {
  writeFileSync(new URL(FILE, root), written);
} else if (written !== readFileSync(new URL(FILE, root), "utf8")) {
  console.error(`${FILE} is stale: run node scripts/generate-client.ts and commit it.`);
  process.exitCode = 1;
}

function documentFiles(): DocumentFile[] {
  const files = readdirSync(new URL(FOLDER, root)).filter((file) => file.endsWith(".graphql"));
  return files.toSorted().map((file) => {
    const text = readFileSync(new URL(`${FOLDER}${file}`, root), "utf8");
    const [operation, ...others] = parse(text).definitions.filter(isOperation);
    if (!operation?.name || others.length > 0) throw new Error(`${file} must hold one operation, with a name.`);
    return { text, operation };
  });
}

function isOperation(node: DefinitionNode): node is OperationDefinitionNode {
  return node.kind === "OperationDefinition";
}

/**
 * The types of the operations, and only those of the schema's own types that they name. A document that does not match
 * the schema is refused.
 */
function types(): Promise<string> {
  return codegen({
    filename: FILE,
    schema: parse(readFileSync(new URL("schema.graphql", root), "utf8")),
    documents: documentFiles().map(({ text }) => ({ document: parse(text) })),
    plugins: [{ operations: {} }],
    pluginMap: { operations: typescriptOperations },
    config: {
      immutableTypes: true,
      arrayInputCoercion: false,
      extractAllFieldsToTypesCompact: true,
      skipTypename: true,
      scalars: { DateTime: "string", JSON: "unknown" },
    },
  });
}

function documentConstant({ text, operation }: DocumentFile): string {
  const name = operation.name?.value;
  const type = `${name}${operation.operation.replace(/^./, (first) => first.toUpperCase())}`;
  return `export const ${name}: TrustedDocument<${type}, ${type}Variables> = { documentId: "${documentIdOf(text)}", operation: "${operation.operation}" };`;
}
