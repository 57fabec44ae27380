import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { D1Database } from "@cloudflare/workers-types";
import { createTestHarness } from "wrangler";
import type { ObjectWrites } from "#objects/object-writes.ts";
import { connect } from "../local/clients.ts";
import { startStack } from "../local/stack.ts";
import { ROOT } from "../local/tool.ts";

/** A Worker of the bench alone, with its D1 in memory. */
export async function startBenchWorker(name: "floors" | "naive") {
  quiet();
  const harness = createTestHarness({ root: ROOT, workers: [{ configPath: `bench/${name}/wrangler.toml` }] });
  const { url } = await harness.listen();
  const worker = harness.getWorker<{ DB: D1Database }>(`concord-bench-${name}`);
  await worker.applyD1Migrations("DB");
  const { DB } = await worker.getEnv();
  /** The Worker itself, called without HTTP. */
  const ask = (path: string) => worker.fetch(new URL(path, url));
  return { url, db: DB as unknown as D1Database, ask, stop: () => harness.close() };
}

export type OursOptions = {
  readonly objectWrites?: ObjectWrites;
  /** Whether the queue of events has a consumer. Without one, messages are dropped, and only sending is measured. */
  readonly isConsumed?: boolean;
  /** Whether the consumer has a bucket to archive into. */
  readonly isArchived?: boolean;
};

/** The cost of a query, according to D1. */
export type Counted = { readonly statements: number; readonly rowsRead: number };

/** The platform as it is deployed, except for the options. */
export async function startOurs({ objectWrites = "always", isConsumed = true, isArchived = true }: OursOptions = {}) {
  quiet();
  const folder = await mkdtemp(join(tmpdir(), "concord-bench-"));
  const configOf = async (path: string) => {
    const text = await readFile(join(ROOT, path), "utf8");
    const changed = text
      .replace('DEVICE_OBJECT_WRITES = "always"', `DEVICE_OBJECT_WRITES = "${objectWrites}"`)
      .replace(isConsumed ? "" : /^\[\[queues\.consumers\]\]\nqueue = "concord-(?:events|suspects)"\n(?:.+\n)+/gm, "")
      .replace(isArchived || !path.includes("ingest") ? "" : /^\[\[r2_buckets\]\]\n(?:.+\n)+/m, "");
    if (changed === text) return path;
    const here = join(ROOT, path, "..");
    const copy = join(folder, path.replaceAll("/", "-"));
    const absolute = changed
      .replace('main = "index.ts"', () => `main = ${JSON.stringify(join(here, "index.ts"))}`)
      .replaceAll('"../../migrations"', () => JSON.stringify(join(ROOT, "migrations")));
    await writeFile(copy, absolute);
    return copy;
  };
  const stack = await startStack({ configOf, neighbours: ["bench/probe/wrangler.toml"] });
  const { DB } = await stack.worker<{ DB: D1Database }>("concord-ingest").getEnv();
  const countReads = async (query: string, variables: object = {}): Promise<Counted> => {
    const init = { method: "POST", body: JSON.stringify({ query, variables }) };
    const response = await stack.worker("concord-bench-probe").fetch("http://probe/count", init);
    if (!response.ok) throw new Error(`a query could not be counted: ${await response.text()}`);
    return (await response.json()) as Counted;
  };
  /** A device's own object, called directly. */
  const askObject = async (act: "snapshot" | "merge", number: number): Promise<void> => {
    const url = `http://probe/object/${act}?number=${number}`;
    const response = await stack.worker("concord-bench-probe").fetch(url);
    if (!response.ok) throw new Error(`an object did not ${act}: ${await response.text()}`);
  };
  return { ...stack, db: DB as unknown as D1Database, clients: await connect(stack.url), countReads, askObject };
}

export type Ours = Awaited<ReturnType<typeof startOurs>>;
export type BenchWorker = Awaited<ReturnType<typeof startBenchWorker>>;

function quiet(): void {
  process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= "false";
  process.env.WRANGLER_SEND_METRICS ??= "false";
  process.env.WRANGLER_LOG ??= "warn";
}
