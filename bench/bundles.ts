import { spawnSync } from "node:child_process";
import { WORKER_CONFIGS } from "../scripts/local-stack.ts";

/** KiB of each Worker's bundle as it is uploaded, and as the platform counts it against its limit of 3 or 10 MB. */
export type BundleFigures = Readonly<Record<string, { readonly kib: number; readonly gzipKib: number }>>;

/** What is deployed, by a dry run. */
export async function benchBundles(say: (line: string) => void): Promise<BundleFigures> {
  const sizes = WORKER_CONFIGS.map((config) => {
    const name = /workers\/(\w+)\//.exec(config)?.[1] ?? "gateway";
    say(`bundles: ${name}`);
    const options = {
      encoding: "utf8",
      env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_LOG: "log" },
    } as const;
    const { stdout, stderr } = spawnSync("wrangler", ["deploy", "--dry-run", "-c", config], options);
    const [, kib, gzipKib] = /Total Upload: ([\d.]+) KiB \/ gzip: ([\d.]+) KiB/.exec(stdout) ?? [];
    if (kib === undefined) throw new Error(`${config} does not build: ${stdout}${stderr}`);
    return [name, { kib: Number(kib), gzipKib: Number(gzipKib) }] as const;
  });
  return Object.fromEntries(sizes);
}
