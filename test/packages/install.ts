import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { ROOT, run } from "../../local/tool.ts";
import { npm } from "../../scripts/sdk/npm.ts";

export type Dependencies = Readonly<Record<string, string>>;

/** Makes a folder of its own that has these packages and these files, as a team's repository has them. @returns the folder */
export function installIn(
  folder: string,
  { dependencies, files }: { readonly dependencies: Dependencies; readonly files?: string },
): string {
  mkdirSync(folder, { recursive: true });
  if (files)
    cpSync(join(ROOT, files), folder, {
      recursive: true,
      filter: (path) => !/node_modules|\.wrangler|tsbuildinfo/.test(path),
    });
  const manifest = join(folder, "package.json");
  const own = existsSync(manifest) ? JSON.parse(readFileSync(manifest, "utf8")) : {};
  writeFileSync(
    manifest,
    JSON.stringify({ private: true, type: "module", ...own, devDependencies: {}, dependencies }, null, 2),
  );
  npm(["install", "--ignore-scripts"], { cwd: folder });
  return folder;
}

/** Node as the repository has it, and the one of the machine, which may be as old as the packages allow. */
export function nodes(): readonly { readonly version: string; readonly path: string }[] {
  const installed = (process.env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => !folder.includes("node_modules"))
    .map((folder) => join(folder, process.platform === "win32" ? "node.exe" : "node"))
    .find((path) => existsSync(path));
  const found = [process.execPath, ...(installed ? [installed] : [])].map((path) => ({
    version: run(path, ["--version"]).stdout.trim(),
    path,
  }));
  return found.filter(({ version }, i) => found.findIndex((other) => other.version === version) === i);
}

/** Runs a program in a folder. @returns what it printed @throws Error with that if it fails */
export function runIn(cwd: string, program: string, args: readonly string[]): string {
  const { status, stdout, stderr } = run(program, args, { cwd });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${status}:\n${stdout}${stderr}`);
  return stdout;
}
