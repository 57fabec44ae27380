import { cpSync, existsSync, globSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { ROOT, runTool } from "../../local/tool.ts";

/**
 * Builds packages/sdk: `npm run build:sdk`. The package has a folder per room of src/shared that its entry points reach,
 * compiled in `dist/esm` and as sources in `dist/source`, to which the maps of both JavaScript and types point. Nothing
 * is bundled: a consumer's bundler drops what it does not use, and two entry points share one copy of each class.
 */
export const SDK = join(ROOT, "packages/sdk");

type Manifest = {
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  readonly imports: Readonly<Record<string, unknown>>;
};

export const manifest = (): Manifest => JSON.parse(readFileSync(join(SDK, "package.json"), "utf8"));

/** The names of the entry points: `contracts` for `concord-sdk/contracts`. */
export const entryPoints = (): string[] =>
  readdirSync(join(SDK, "src"))
    .filter((name) => name.endsWith(".ts"))
    .map((name) => name.slice(0, -".ts".length));

/** The rooms that the package may have: a file of any other does not compile in it. */
const roomsOf = ({ imports }: Manifest): string[] => Object.keys(imports).map((key) => key.slice(1, -"/*.ts".length));

/** @returns the files of the package's sources, relative to `dist/source` @throws Error if it does not compile */
export function buildSdk(): string[] {
  const dist = join(SDK, "dist");
  const [source, esm] = [join(dist, "source"), join(dist, "esm")];
  rmSync(dist, { recursive: true, force: true });
  cpSync(join(SDK, "src"), source, { recursive: true });
  for (const room of roomsOf(manifest())) {
    const folder = join(ROOT, "src/shared", room);
    if (existsSync(folder)) cpSync(folder, join(source, room), { recursive: true, filter: (path) => !isTest(path) });
  }
  const { status, stdout } = runTool("typescript", ["-p", join(SDK, "tsconfig.build.json"), "--pretty", "false"]);
  if (status !== 0) throw new Error(`The SDK does not compile:\n${stdout}`);
  // The compiler wrote what the entry points reach; the sources of the rest are not part of the package.
  const files = globSync("**/*.ts", { cwd: source });
  const reached = files.filter((file) => existsSync(join(esm, file.replace(/\.ts$/, ".js"))));
  for (const file of files) if (!reached.includes(file)) rmSync(join(source, file));
  return reached.sort();
}

const isTest = (path: string): boolean => path.endsWith(".test.ts");

if (import.meta.main) {
  const started = performance.now();
  const files = buildSdk();
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  console.log(`${relative(ROOT, SDK)}: ${entryPoints().length} entry points, ${files.length} modules, ${seconds} s`);
}
