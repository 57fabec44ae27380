import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const source = fileURLToPath(new URL("../workers/dlq/console/", import.meta.url));
const target = join(source, "dist/ops");

/**
 * Bundles the operations console into the static assets of the dlq Worker, in a fraction of a second. What is there
 * already stays untouched, for somebody else may be serving it.
 */
export async function buildConsole(): Promise<void> {
  await mkdir(target, { recursive: true });
  const { outputFiles } = await build({
    entryPoints: { console: join(source, "main.tsx") },
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
  });
  for (const { path, text } of outputFiles) await put(path, text);
  await put(join(target, "index.html"), await readFile(join(source, "index.html"), "utf8"));
}

/** Whole or not at all: several stacks may start at once. */
async function put(path: string, text: string): Promise<void> {
  if ((await readFile(path, "utf8").catch(() => null)) === text) return;
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, text);
  await rename(draft, path);
}

/** What vitest calls before the tests of a project that needs it. */
export default buildConsole;

if (import.meta.main) await buildConsole();
