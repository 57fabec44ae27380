import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { ROOT } from "./tool.ts";

export type Ended = {
  readonly code: number;
  readonly out: string;
  readonly err: string;
};

/** Runs `npx concord …` as a process of its own, in the repository, with these variables besides our own. */
export async function concord(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const child = spawn(process.execPath, [join(ROOT, "cli/main.mjs"), ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err, [code]] = await Promise.all([child.stdout.toArray(), child.stderr.toArray(), once(child, "exit")]);
  return { code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() };
}
