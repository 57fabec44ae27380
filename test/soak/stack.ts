import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Stack, startStack } from "../../local/stack.ts";
import { ROOT } from "../../local/tool.ts";
import { CONTROL_PATH, type FaultCounts, type FaultKind, type FaultPlan } from "./plan.ts";

/** The Workers that get a faulty environment, and the module that injects the faults. */
const FAULTY = { "concord-ingest": "test/soak/faulty/ingest.ts", "concord-dlq": "test/soak/faulty/dlq.ts" } as const;

type FaultyWorker = keyof typeof FAULTY;
const FAULTY_WORKERS = Object.keys(FAULTY) as FaultyWorker[];

/** The local stack with the writing Workers wrapped. Their configs are the real ones except for the entry point. */
export async function startFaultyStack(seed: number) {
  // The Workers report every injected fault, in as many lines.
  process.env.WRANGLER_LOG ??= "none";
  const folder = await mkdtemp(join(tmpdir(), "concord-soak-"));
  const { stop, ...stack } = await startStack({ configOf: (path) => wrappedConfig(path, folder) });
  const { worker } = stack;

  const control = async (name: FaultyWorker, init: { method: string; body?: string }): Promise<FaultCounts> => {
    const response = await worker(name).fetch(`http://soak${CONTROL_PATH}`, init);
    if (!response.ok) throw new Error(`${name} ${CONTROL_PATH}: ${response.status} ${await response.text()}`);
    return (await response.json()) as FaultCounts;
  };
  const setFaults = async (plan: FaultPlan, reseed?: number) => {
    for (const [i, name] of FAULTY_WORKERS.entries()) {
      const body = JSON.stringify({ plan, ...(reseed !== undefined && { seed: reseed + i }) });
      await control(name, { method: "PUT", body });
    }
  };
  await setFaults({}, seed);

  return {
    stack: {
      ...stack,
      stop: async () => {
        await stop();
        await rm(folder, { recursive: true, force: true });
      },
    } satisfies Stack,
    setFaults,
    /** What was injected so far, in both Workers together. */
    async faultCounts(): Promise<FaultCounts> {
      const sums: Partial<Record<FaultKind, number>> = {};
      for (const name of FAULTY_WORKERS) {
        const counts = await control(name, { method: "GET" });
        for (const [kind, count] of Object.entries(counts) as [FaultKind, number][]) {
          sums[kind] = (sums[kind] ?? 0) + count;
        }
      }
      return sums;
    },
  };
}

export type FaultyStack = Awaited<ReturnType<typeof startFaultyStack>>;

/** The config itself, or a copy whose entry point is the wrapper. It is read each time, so that it cannot drift. */
async function wrappedConfig(path: string, folder: string): Promise<string> {
  const text = await readFile(join(ROOT, path), "utf8");
  const name = FAULTY_WORKERS.find((each) => text.startsWith(`name = "${each}"`));
  if (!name) return path;
  const wrapped = text
    .replace('main = "index.ts"', () => `main = ${JSON.stringify(join(ROOT, FAULTY[name]))}`)
    .replaceAll('"../../migrations"', () => JSON.stringify(join(ROOT, "migrations")))
    .replace('"../../console/dist"', () => JSON.stringify(join(ROOT, "console/dist")))
    .replace('"../../graphiql/dist/files"', () => JSON.stringify(join(ROOT, "graphiql/dist/files")));
  if (!wrapped.includes(FAULTY[name])) throw new Error(`${path} does not say main = "index.ts"`);
  const copy = join(folder, `${name}.toml`);
  await writeFile(copy, wrapped);
  return copy;
}
