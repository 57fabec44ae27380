import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT, run } from "../../local/tool.ts";

type Options = { readonly cwd?: string };

/** Runs npm, from its cache where it can. @returns what it printed @throws Error with what it said if it fails */
export function npm(args: readonly string[], { cwd = ROOT }: Options = {}): string {
  const quiet = ["--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
  // On Windows npm is a batch file, which only a shell can start.
  const shell = process.platform === "win32";
  const { status, stdout, stderr } = run("npm", [...args, ...quiet], { cwd, shell });
  if (status !== 0) throw new Error(`npm ${args.join(" ")} failed in ${cwd}:\n${stdout}${stderr}`);
  return stdout;
}

const TOOLS = join(ROOT, "scripts/sdk/tools");

/**
 * The path of a script of scripts/sdk/tools: typedoc and arethetypeswrong need another TypeScript than the repository, so
 * they have a lockfile of their own, which is installed when first needed.
 */
export function sdkToolPath(script: string): string {
  const path = join(TOOLS, "node_modules", script);
  if (!existsSync(path)) npm(["ci", "--prefix", TOOLS]);
  return path;
}

/** Runs a script of scripts/sdk/tools. @returns what it printed @throws Error with that if it fails */
export function runSdkTool(script: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = run(process.execPath, [sdkToolPath(script), ...args], {
    cwd,
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0" },
  });
  if (status !== 0) throw new Error(`${script} ${args.join(" ")} found:\n${stdout}${stderr}`);
  return stdout;
}
