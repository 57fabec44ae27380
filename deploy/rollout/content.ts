import { createHash } from "node:crypto";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../local/tool.ts";
import type { Account } from "../account/account.ts";
import type { Worker } from "../workers.ts";

/**
 * What a Worker would be deployed with, as a hash: its bundle, the files that it serves, and its settings. Two commits
 * that build the same have the same. wrangler bundles it, and uploads nothing.
 * @returns 16 hex digits
 * @throws WranglerError if it does not build
 */
export async function contentOf(account: Pick<Account, "build">, worker: Worker, environment: string): Promise<string> {
  const outdir = mkdtempSync(join(tmpdir(), "concord-bundle-"));
  try {
    await account.build(worker.config, environment, outdir);
    const hash = createHash("sha256").update(worker.settings);
    addFiles(hash, outdir);
    if (worker.assets !== undefined) addFiles(hash, join(ROOT, worker.assets));
    return hash.digest("hex").slice(0, 16);
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/** Source maps and wrangler's README name folders of this machine. */
function addFiles(hash: ReturnType<typeof createHash>, folder: string): void {
  const files = globSync("**/*", { cwd: folder, withFileTypes: true })
    .filter((file) => file.isFile() && !/\.map$|^README\.md$/.test(file.name))
    .map((file) => join(file.parentPath, file.name).slice(folder.length))
    .sort();
  for (const file of files) hash.update(`\0${file}\0`).update(withoutMapName(readFileSync(join(folder, file))));
}

const withoutMapName = (bytes: Buffer): Buffer | string =>
  bytes.includes("//# sourceMappingURL=") ? bytes.toString("utf8").replace(/^\/\/# sourceMappingURL=.*$/gm, "") : bytes;
