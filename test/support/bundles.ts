import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildConsole } from "../../local/console.ts";
import { buildGraphiQL } from "../../local/graphiql.ts";
import { bundleOf, WORKER_CONFIGS } from "../../local/stack.ts";
import { ROOT, toolPath } from "../../local/tool.ts";

/**
 * Called by vitest before the tests of a project that starts stacks. In CI, which runs all of them, every Worker is
 * bundled once as a deployment bundles it; a stack would else bundle all of them again. For a few files at one's desk,
 * that takes longer.
 * @returns what removes the bundles
 */
export default async function bundle(): Promise<(() => Promise<void>) | undefined> {
  if (!process.env.CI || process.env.CONCORD_BUNDLES) return undefined;
  // What the Workers serve, which a clone does not have yet.
  await Promise.all([buildConsole(), buildGraphiQL()]);
  const folder = await mkdtemp(join(tmpdir(), "concord-bundles-"));
  await Promise.all(WORKER_CONFIGS.map((config) => build(config, bundleOf(config, folder))));
  process.env.CONCORD_BUNDLES = folder;
  return async () => {
    delete process.env.CONCORD_BUNDLES;
    await rm(folder, { recursive: true, force: true });
  };
}

async function build(config: string, outdir: string): Promise<void> {
  const args = [toolPath("wrangler"), "deploy", "--dry-run", "-c", config, "--outdir", outdir];
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false" };
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const [status] = await once(child, "close");
  if (status !== 0) throw new Error(`${config} could not be bundled: ${said}`);
}
