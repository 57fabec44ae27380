import { readFile, rename, writeFile } from "node:fs/promises";

/** Replaces a file atomically, if its contents are others: several stacks may start at once, and one may be serving it. */
export async function putFile(path: string, contents: Uint8Array): Promise<void> {
  if ((await readFile(path).catch(() => null))?.equals(contents)) return;
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, contents);
  await rename(draft, path);
}
