import { cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT, run } from "../local/tool.ts";

/** Copies every file that git would, committed or not, and nothing that is ignored. */
export function copyRepository(folder: string): void {
  const { status, stdout, stderr } = run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
  if (status !== 0) throw new Error(`git could not list the files: ${stderr}`);
  // Git also lists a file that was deleted without a commit.
  const files = stdout.split("\0").filter((file) => file !== "" && existsSync(join(ROOT, file)));
  for (const file of files) cpSync(join(ROOT, file), join(folder, file));
}
