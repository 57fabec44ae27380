import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/**
 * Whether `git add` would take a file of this path: it lies in a repository, and is not ignored there. Where git is not
 * installed, every path in a repository counts as one that it sees.
 */
export function gitSees(path: string): boolean {
  const whole = resolve(path);
  if (!isInRepository(dirname(whole))) return false;
  const { status } = spawnSync("git", ["check-ignore", "--quiet", "--", whole], { cwd: dirname(whole) });
  return status !== 0;
}

function isInRepository(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, ".git"))) return true;
    if (at === dirname(at)) return false;
  }
}
