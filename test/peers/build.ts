import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** A program's version, or why it cannot be run here. */
export type Found = { readonly version: string } | { readonly missing: string };

/** What was built or fetched, or why it could not be. */
export type Built = { readonly folder: string } | { readonly missing: string };

const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "concord-peers");

/**
 * A folder of the cache that `make` fills once for these sources: another run finds it, and what is half made has
 * another name. Without its tools or its registry a peer is missing; what does not compile throws.
 */
export async function build(
  name: string,
  sources: readonly string[],
  make: (folder: string) => Promise<string | undefined>,
): Promise<Built> {
  const hash = createHash("sha256");
  for (const source of sources) hash.update(readFileSync(source));
  const folder = join(CACHE, `${name}-${hash.digest("hex").slice(0, 16)}`);
  if (existsSync(folder)) return { folder };
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  const missing = await make(unfinished).catch((thrown: unknown) => {
    rmSync(unfinished, { recursive: true });
    throw thrown;
  });
  if (missing !== undefined) {
    rmSync(unfinished, { recursive: true });
    return { missing };
  }
  // Another run may have been faster.
  if (existsSync(folder)) rmSync(unfinished, { recursive: true });
  else renameSync(unfinished, folder);
  return { folder };
}

export type Ran = { readonly code: number | "missing" | "late"; readonly said: string };

/** Runs a tool to its end, or for `seconds`, without holding up what runs beside it. */
export function tool(program: string, args: readonly string[], { cwd, seconds }: { cwd?: string; seconds: number }) {
  return new Promise<Ran>((resolve) => {
    const child = spawn(program, args, { ...(cwd && { cwd }), stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      child.kill("SIGKILL");
    }, seconds * 1000);
    const end = (code: Ran["code"]) => {
      clearTimeout(timer);
      resolve({ code: isLate ? "late" : code, said });
    };
    child.once("error", () => end("missing"));
    child.once("close", (code) => end(code ?? 1));
  });
}

export const lastLine = (text: string): string => text.trim().split("\n").at(-1) ?? "";
