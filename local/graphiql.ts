import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type BuildOptions, build } from "esbuild";
import { putFile } from "./put-file.ts";
import { ROOT } from "./tool.ts";

const source = join(ROOT, "graphiql");
const stamp = join(source, "dist/stamp");

/** The static assets of the api Worker. */
export const GRAPHIQL_FILES = join(source, "dist/files");
const target = join(GRAPHIQL_FILES, "graphql");

const OPTIONS = {
  entryPoints: {
    index: join(source, "index.html"),
    "assets/main": join(source, "main.tsx"),
    "assets/editor.worker": "monaco-editor/esm/vs/editor/editor.worker.js",
    "assets/json.worker": "monaco-editor/esm/vs/language/json/json.worker.js",
    "assets/graphql.worker": "monaco-graphql/esm/graphql.worker.js",
  },
  // Parts are loaded when an editor needs them: their names change with their text, so browsers may keep them.
  splitting: true,
  chunkNames: "assets/part-[hash]",
  assetNames: "assets/part-[hash]",
  loader: { ".html": "copy", ".ttf": "file" },
  define: { "process.env.NODE_ENV": '"production"' },
  outdir: target,
  absWorkingDir: ROOT,
  write: false,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2023",
  // The packages' licences stay with their code.
  legalComments: "linked",
  logLevel: "error",
} as const satisfies BuildOptions;

/**
 * Bundles GraphiQL into the static assets of the api Worker. That takes seconds, so it is done when the page or a package
 * has changed. Files of an earlier build are left alone, since another process may be serving them.
 */
export async function buildGraphiQL(): Promise<void> {
  const version = await versionOfSources();
  if ((await readFile(stamp, "utf8").catch(() => "")) !== version) await bundle(version);
}

/** @returns the paths of the files */
async function bundle(version: string): Promise<ReadonlySet<string>> {
  const { outputFiles } = await build(OPTIONS);
  await mkdir(join(target, "assets"), { recursive: true });
  for (const { path, contents } of outputFiles) await putFile(path, contents);
  await writeFile(stamp, version);
  return new Set(outputFiles.map(({ path }) => path));
}

async function versionOfSources(): Promise<string> {
  const hash = createHash("sha256");
  const own = (await readdir(source, { withFileTypes: true })).filter((entry) => entry.isFile());
  const files = own.map(({ name }) => join(source, name)).toSorted();
  for (const file of [...files, join(ROOT, "package-lock.json"), import.meta.filename])
    hash.update(await readFile(file));
  return hash.digest("hex");
}

/** Called by vitest before the tests of a project that needs it. */
export default buildGraphiQL;

// For a deployment: nothing of earlier builds is uploaded. What is served just now stays in its place.
if (import.meta.main) {
  const files = await bundle(await versionOfSources());
  const there = await readdir(GRAPHIQL_FILES, { recursive: true, withFileTypes: true });
  const earlier = there.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  for (const path of earlier) if (!files.has(path)) await rm(path, { force: true });
}
