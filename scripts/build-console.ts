import { copyFile, mkdir, rm } from "node:fs/promises";
import { build } from "esbuild";

const source = new URL("../workers/dlq/console/", import.meta.url).pathname;
const target = `${source}dist/ops/`;

/** Bundles the operations console into the static assets of the dlq Worker, in a fraction of a second. */
export async function buildConsole(): Promise<void> {
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  await build({
    entryPoints: { console: `${source}main.tsx` },
    outdir: target,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2023",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    logLevel: "error",
  });
  await copyFile(`${source}index.html`, `${target}index.html`);
}

/** What vitest calls before the tests of a project that needs it. */
export default buildConsole;

if (import.meta.main) await buildConsole();
