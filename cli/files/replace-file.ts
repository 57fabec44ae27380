import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";

/** Replaces a file as a whole: after a crash at any time it holds the old text or the new one. Only its owner can read it. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const part = `${path}.part`;
  const file = await open(part, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(part, path);
  // The new name is on disk only with its folder. Windows cannot open one.
  const folder = await open(dirname(path), "r").catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}
