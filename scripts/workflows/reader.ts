import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type * as LanguageService from "@actions/languageservice";
import { build } from "esbuild";
import { TextDocument } from "vscode-languageserver-textdocument";
import { ROOT } from "../../local/tool.ts";

/** What is wrong with a workflow, each with its line; none if GitHub takes it. */
export type ReadWorkflow = (file: string, text: string) => Promise<string[]>;

/**
 * GitHub's own reader of workflows, which editors use: it knows their schema, expressions and contexts. It is written for
 * bundlers, and imports JSON as Node does not, so it is bundled first.
 */
export async function loadReader(): Promise<ReadWorkflow> {
  const { validate } = await bundled();
  let texts = 0;
  return async (file, text) => {
    // It keeps what it has read by the file's address, so each text has one of its own.
    const document = TextDocument.create(`file:///${texts++}/.github/workflows/${file}`, "yaml", 1, text);
    const found = await validate(document);
    return found.map(({ range, message }) => `line ${range.start.line + 1}: ${message}`);
  };
}

async function bundled(): Promise<typeof LanguageService> {
  const folder = mkdtempSync(join(tmpdir(), "concord-workflows-"));
  try {
    const outfile = join(folder, "reader.mjs");
    const contents = 'export { validate } from "@actions/languageservice";';
    await build({ stdin: { contents, resolveDir: ROOT }, bundle: true, format: "esm", platform: "node", outfile });
    return await import(/* @vite-ignore */ pathToFileURL(outfile).href);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
