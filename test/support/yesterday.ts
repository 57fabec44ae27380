import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../local/tool.ts";
import { copyConfig } from "./config-copy.ts";

/** An earlier deployment with narrower contracts: `configOf` of a stack that is then redeployed with today's. */
export async function yesterdaysConfig(config: string): Promise<string> {
  if (config !== "workers/ingest/wrangler.toml") return config;
  const main = `main = ${JSON.stringify(join(ROOT, "test/support/narrow-ingest.ts"))}`;
  const path = join(await mkdtemp(join(tmpdir(), "concord-ops-")), "ingest.toml");
  return copyConfig(config, path, (text) => text.replace(/^main = .+$/m, () => main));
}
