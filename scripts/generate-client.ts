import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { codegen } from "@graphql-codegen/core";
import * as typescriptOperations from "@graphql-codegen/typescript-operations";
import { type DefinitionNode, type OperationDefinitionNode, parse } from "graphql";
import { runTool } from "../local/tool.ts";
import { documentIdOf } from "./document-manifest.ts";

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
import type { DocumentTypeDecoration } from "@graphql-typed-document-node/core";

/** A document that the API trusts: its id is the SHA-256 of its file. The types are for \`ask\` and for \`ResultOf\`. */
export type TrustedDocument<Result, Variables> = DocumentTypeDecoration<Result, Variables> & {
  readonly documentId: string;
};
`;

const written = formatted(`${HEADER}\n${await types()}\n${documentFiles().map(documentConstant).join("\n")}`);

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

/** The operations' types, and of the schema's own only those that they name. Documents that do not fit it are refused. */
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
  return `export const ${name}: TrustedDocument<${type}, ${type}Variables> = { documentId: "${documentIdOf(text)}" };`;
}

function formatted(source: string): string {
  const { status, stdout, stderr } = runTool("@biomejs/biome", ["format", `--stdin-file-path=${FILE}`], {
    input: source,
  });
  if (status !== 0) throw new Error(`biome could not format ${FILE}: ${stderr}`);
  return stdout;
}
