import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { ROOT } from "../../local/tool.ts";
import { buildSdk, entryPoints, SDK } from "./build.ts";

/**
 * `npm run sdk:sizes`: what an import of everything in an entry point adds to a bundle, minified. Most take less of it, since the
 * rest is dropped. The libraries beside it are those that an application often has already.
 */
async function bundledBytes(entry: string, packages: "external" | "bundle") {
  const { outputFiles, metafile } = await build({
    stdin: { contents: `export * from "./dist/esm/${entry}.js";`, resolveDir: SDK },
    absWorkingDir: SDK,
    nodePaths: [join(ROOT, "node_modules")],
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    packages,
    write: false,
    metafile: true,
    logLevel: "error",
  });
  const [output] = Object.values(metafile.outputs);
  const libraries = (output?.imports ?? []).flatMap(({ path, external }) => (external ? [libraryOf(path)] : []));
  const code = outputFiles[0]?.contents ?? new Uint8Array();
  return { bytes: code.length, gzip: gzipSync(code, { level: 9 }).length, libraries: [...new Set(libraries)].sort() };
}

/** `drizzle-orm` of `drizzle-orm/d1`. */
const libraryOf = (path: string): string =>
  path
    .split("/")
    .slice(0, path.startsWith("@") ? 2 : 1)
    .join("/");

if (import.meta.main) {
  buildSdk();
  const kilobytes = (bytes: number): string => (bytes / 1_000).toFixed(1).padStart(7);
  console.log("entry point       own code, kB    gzip   with libraries    gzip");
  for (const entry of entryPoints()) {
    const [own, all] = [await bundledBytes(entry, "external"), await bundledBytes(entry, "bundle")];
    const sizes = [own.bytes, own.gzip, all.bytes, all.gzip].map(kilobytes);
    console.log(
      `${entry.padEnd(18)}     ${sizes[0]} ${sizes[1]}          ${sizes[2]} ${sizes[3]}  ${own.libraries.join(", ")}`,
    );
  }
}
