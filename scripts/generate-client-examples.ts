import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { addTypenameSelectionDocumentTransform, preset } from "@graphql-codegen/client-preset";
import { codegen } from "@graphql-codegen/core";
import { buildASTSchema, parse } from "graphql";
import { ROOT, runTool, type Tool } from "../local/tool.ts";

/**
 * Runs the tools of other clients over their examples, as a team does: relay-compiler, Apollo's
 * generate-persisted-query-manifest and the client preset of graphql-codegen. Each writes a manifest of its documents,
 * which trust-documents.ts builds into the API. With --check it fails when a tool would write something else.
 */
const isCheck = process.argv.includes("--check");

const MADE = ["examples/apollo/manifests/persisted-query-manifest.json", "examples/relay/manifests/persisted.json"];
const before = MADE.map(textOf);
run("@apollo/generate-persisted-query-manifest", [], "examples/apollo");
run("relay-compiler", ["relay.config.json", ...(isCheck ? ["--validate"] : [])], "examples/relay");
if (isCheck) {
  report(MADE.filter((file, i) => textOf(file) !== before[i]));
  // The tools have no mode that only looks.
  for (const [i, file] of MADE.entries()) writeFileSync(join(ROOT, file), before[i] ?? "");
}
report(await runCodegen("examples/urql/gql/"));

/** @returns the files that were not as the client preset would write them */
async function runCodegen(folder: string): Promise<string[]> {
  const schema = parse(textOf("schema.graphql"));
  const location = "examples/urql/documents.graphql";
  const sections = await preset.buildGeneratesSection({
    baseOutputDir: folder,
    schema,
    schemaAst: buildASTSchema(schema),
    documents: [{ location, document: parse(textOf(location)), rawSDL: textOf(location) }],
    config: { scalars: { DateTime: "string", JSON: "unknown" }, immutableTypes: true, useTypeImports: true },
    presetConfig: { persistedDocuments: { hashAlgorithm: "sha256" }, fragmentMasking: false },
    plugins: [],
    pluginMap: {},
    documentTransforms: [{ name: "typename", transformObject: addTypenameSelectionDocumentTransform, config: {} }],
  } as unknown as Parameters<typeof preset.buildGeneratesSection>[0]);
  const stale: string[] = [];
  for (const section of sections) {
    const text = await codegen(section);
    if (text === textOf(section.filename)) continue;
    stale.push(section.filename);
    if (isCheck) continue;
    mkdirSync(dirname(join(ROOT, section.filename)), { recursive: true });
    writeFileSync(join(ROOT, section.filename), text);
  }
  return isCheck ? stale : [];
}

function run(tool: Tool, args: readonly string[], folder: string): void {
  const { status, stdout, stderr } = runTool(tool, args, { cwd: join(ROOT, folder) });
  if (status !== 0) report([`${folder}: ${stdout}${stderr}`]);
}

function report(stale: readonly string[]): void {
  for (const file of stale)
    console.error(`${file} is stale: run node scripts/generate-client-examples.ts and commit what it writes.`);
  if (stale.length > 0) process.exitCode = 1;
}

function textOf(file: string): string {
  try {
    return readFileSync(join(ROOT, file), "utf8");
  } catch {
    return "";
  }
}
