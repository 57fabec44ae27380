import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { ROOT } from "../../local/tool.ts";
import { copyDocs } from "./docs.ts";
import { licenseTexts } from "./licenses.ts";

export const CLI_PACKAGE = join(ROOT, "packages", "cli");

/**
 * Compiles the command line into `packages/cli/dist`: plain JavaScript for Node 20, with everything that it imports, so
 * that the package has no dependency. Each command is a chunk of its own, which is loaded when it is called.
 */
export async function buildCli() {
  const dist = join(CLI_PACKAGE, "dist");
  rmSync(dist, { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: { concord: "packages/cli/src/bin.ts" },
    outdir: "packages/cli/dist",
    // A file of either is one folder below dist: cli/guides.ts relies on it.
    entryNames: "bin/[name]",
    chunkNames: "chunks/[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    // Not minified: names in a stack are worth more than bytes.
    sourcemap: true,
    sourcesContent: false,
    legalComments: "none",
    // CommonJS packages ask for Node's own modules by `require`, which a module lacks.
    banner: {
      js: 'import { createRequire as createRequireOfNode } from "node:module";\nconst require = createRequireOfNode(import.meta.url);',
    },
    // Otherwise it reads its WebAssembly from a file beside itself.
    alias: { "@platformatic/wasm-utils": "@platformatic/wasm-utils/bundled" },
    metafile: true,
    logLevel: "warning",
  });
  chmodSync(join(dist, "bin", "concord.js"), 0o755);
  writeFileSync(join(dist, "THIRD-PARTY-LICENSES.txt"), licenseTexts(Object.keys(metafile.inputs)));
  copyDocs(join(dist, "docs"));
  return metafile;
}

if (import.meta.main) {
  const { outputs } = await buildCli();
  const code = Object.entries(outputs).filter(([path]) => path.endsWith(".js"));
  const bytes = code.reduce((sum, [, output]) => sum + output.bytes, 0);
  console.log(`packages/cli/dist: ${code.length} files, ${(bytes / 1_000_000).toFixed(1)} MB of JavaScript`);
}
