import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { run } from "../../local/tool.ts";

/** The program of a Node 20 in PATH, the oldest that the package promises to run on. The repository's own is newer. */
export function node20InPath(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => !folder.includes("node_modules"));
  return folders
    .map((folder) => join(folder, process.platform === "win32" ? "node.exe" : "node"))
    .find((path) => existsSync(path) && run(path, ["--version"]).stdout.startsWith("v20."));
}
