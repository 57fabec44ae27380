import { type SpawnSyncOptionsWithStringEncoding, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's folder, which may have any name. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));

export type Tool =
  | "@apollo/generate-persisted-query-manifest"
  | "@biomejs/biome"
  | "drizzle-kit"
  | "git-cliff"
  | "relay-compiler"
  | "typescript"
  | "vitest"
  | "wrangler";

/** The script of an installed package's command. Node runs it the same on every system, whatever PATH is. */
export function toolPath(name: Tool): string {
  const folder = join(ROOT, "node_modules", name);
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    bin: string | Readonly<Record<string, string>>;
  };
  // The command of TypeScript has a name of its own.
  return join(folder, typeof bin === "string" ? bin : ((bin[basename(name)] ?? Object.values(bin)[0]) as string));
}

type Options = Omit<SpawnSyncOptionsWithStringEncoding, "encoding">;

/** Runs a program to its end, in the repository unless another folder is given. @throws Error if it does not start */
export function run(program: string, args: readonly string[], options: Options = {}) {
  const result = spawnSync(program, args, { cwd: ROOT, ...options, encoding: "utf8" });
  if (result.error) throw new Error(`${program} could not be run: ${result.error.message}`, { cause: result.error });
  return result;
}

export const runTool = (name: Tool, args: readonly string[], options?: Options) =>
  run(process.execPath, [toolPath(name), ...args], options);
