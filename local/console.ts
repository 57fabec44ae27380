import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type BuildOptions, build, context, type OutputFile } from "esbuild";
import { putFile } from "./put-file.ts";
import { ROOT } from "./tool.ts";

const source = join(ROOT, "console");
const target = join(source, "dist/ops");

const OPTIONS = {
  entryPoints: { console: join(source, "main.tsx"), index: join(source, "index.html") },
  loader: { ".html": "copy" },
  outdir: target,
  write: false,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2023",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  logLevel: "error",
} as const satisfies BuildOptions;

/**
 * Bundles the operations console into the static assets of the dlq Worker, in a fraction of a second. Other files there
 * are left alone, since another process may be serving them.
 */
export async function buildConsole(): Promise<void> {
  await putAll((await build(OPTIONS)).outputFiles);
}

/** Bundles it now, and again whenever one of its files changes, until this process ends. */
export async function watchConsole(): Promise<void> {
  await buildConsole();
  const putting = {
    name: "put",
    setup: ({ onEnd }: { onEnd(act: (result: { outputFiles?: OutputFile[] }) => Promise<void>): void }) =>
      onEnd(({ outputFiles = [] }) => putAll(outputFiles)),
  };
  await (await context({ ...OPTIONS, plugins: [putting] })).watch();
}

async function putAll(files: readonly OutputFile[]): Promise<void> {
  await mkdir(target, { recursive: true });
  for (const { path, contents } of files) await putFile(path, contents);
}

/** Called by vitest before the tests of a project that needs it. */
export default buildConsole;

if (import.meta.main) await buildConsole();
