import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** An earlier deployment with narrower contracts: `configOf` of a stack that is then redeployed with today's. */
export async function yesterdaysConfig(path: string): Promise<string> {
  if (path !== "workers/ingest/wrangler.toml") return path;
  const text = await readFile(join(root, path), "utf8");
  const copy = join(await mkdtemp(join(tmpdir(), "concord-ops-")), "ingest.toml");
  const main = join(root, "test/support/narrow-ingest.ts");
  await writeFile(
    copy,
    text
      .replace('main = "index.ts"', () => `main = ${JSON.stringify(main)}`)
      .replaceAll('"../../migrations"', () => JSON.stringify(join(root, "migrations"))),
  );
  return copy;
}
