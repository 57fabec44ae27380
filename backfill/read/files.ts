import { createHash } from "node:crypto";
import { open, stat } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { BackfillProblem } from "../problem.ts";
import { findPaths } from "./find-paths.ts";

/** A file of an unload, as a state file remembers it. */
export type SourceFile = {
  /** Where it is. */
  readonly path: string;
  /** Its path below the folder, with `/`. */
  readonly name: string;
  readonly bytes: number;
  /** SHA-256 of its first 64 KiB, in hex. */
  readonly beginning: string;
};

const BEGINNING_BYTES = 64 * 1024;

/**
 * The files below a folder that match any of these patterns, in the order of their names, each once.
 * @throws BackfillProblem where none does
 */
export async function findFiles(
  folder: string,
  patterns: string | readonly string[],
  whose: string,
): Promise<SourceFile[]> {
  const isFolder = (await stat(folder).catch(() => undefined))?.isDirectory();
  if (!isFolder) throw new BackfillProblem(`${folder} is no folder. Name the one that the unload is in.`);
  const all = [patterns].flat();
  const found = new Set(all.flatMap((pattern) => findPaths(resolve(folder), pattern)));
  const files: SourceFile[] = [];
  for (const path of [...found].sort()) {
    if ((await stat(path)).isFile()) files.push(await identify(path, relative(folder, path).replaceAll("\\", "/")));
  }
  if (files.length > 0) return files;
  throw new BackfillProblem(
    `${whose}: no file below ${folder} matches ${all.join(" or ")}. Correct \`files\` in the mapping, or leave the table out.`,
    "nothing",
  );
}

async function identify(path: string, name: string): Promise<SourceFile> {
  await using file = await open(path);
  const { size } = await file.stat();
  const { buffer, bytesRead } = await file.read(Buffer.alloc(BEGINNING_BYTES), 0, BEGINNING_BYTES, 0);
  const beginning = createHash("sha256").update(buffer.subarray(0, bytesRead)).digest("hex");
  return { path, name, bytes: size, beginning };
}
