import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { buildConsole } from "../local/console.ts";
import { buildGraphiQL } from "../local/graphiql.ts";
import { percentile } from "../local/screen.ts";
import { WORKER_CONFIGS } from "../local/stack.ts";
import { runTool } from "../local/tool.ts";

export type Start = {
  /** As it is uploaded, and as the platform counts it against its limit of 3 or 10 MB. */
  readonly kib: number;
  readonly gzipKib: number;
  /** Milliseconds from starting the runtime with this Worker alone until it answers: the median. */
  readonly startMs: number;
  /** MiB of JavaScript heap after the first answer; the platform's limit is 128. */
  readonly heapMib: number;
};

/** By Worker; `empty` is one that only answers. */
export type StartFigures = Readonly<Record<string, Start>>;

const TURNS = 7;

/** The runtime's binary, which wrangler installs. */
const { default: WORKERD } = createRequire(import.meta.url)("workerd") as { readonly default: string };

/**
 * The size of a Worker: its bundle, and a fresh runtime with nothing else in it. It has no bindings there, and answers
 * with an error.
 */
export async function benchStart(say: (line: string) => void): Promise<StartFigures> {
  const folder = await mkdtemp(join(tmpdir(), "concord-bench-"));
  await Promise.all([buildConsole(), buildGraphiQL()]);
  const empty = join(folder, "empty.js");
  await writeFile(empty, "export default { fetch: () => new Response(null, { status: 204 }) };\n");
  const workers = [
    { name: "empty", script: empty, kib: 0, gzipKib: 0 },
    ...WORKER_CONFIGS.map((config) => {
      const name = /workers\/(\w+)\//.exec(config)?.[1] ?? "gateway";
      say(`start: ${name} is bundled`);
      return { name, ...bundle(config, join(folder, name)) };
    }),
  ];
  const starts = new Map(workers.map(({ name }) => [name, { times: [] as number[], heaps: [] as number[] }]));
  for (let turn = 0; turn < TURNS; turn++) {
    for (const { name, script } of workers) {
      const { startMs, heapMib } = await startAlone(script, folder);
      starts.get(name)?.times.push(startMs);
      starts.get(name)?.heaps.push(heapMib);
    }
    say(`start: turn ${turn + 1} of ${TURNS}`);
  }
  return Object.fromEntries(
    workers.map(({ name, kib, gzipKib }) => {
      const { times = [], heaps = [] } = starts.get(name) ?? {};
      return [name, { kib, gzipKib, startMs: percentile(times, 0.5), heapMib: percentile(heaps, 0.5) }];
    }),
  );
}

/** The deployed bundle, by a dry run. */
function bundle(config: string, outdir: string) {
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_LOG: "log" };
  const run = ["deploy", "--dry-run", "-c", config, "--outdir", outdir];
  const { stdout, stderr } = runTool("wrangler", run, { env });
  const [, kib, gzipKib] = /Total Upload: ([\d.]+) KiB \/ gzip: ([\d.]+) KiB/.exec(stdout) ?? [];
  if (kib === undefined) throw new Error(`${config} does not build: ${stdout}${stderr}`);
  return { script: join(outdir, "index.js"), kib: Number(kib), gzipKib: Number(gzipKib) };
}

async function startAlone(script: string, folder: string): Promise<{ startMs: number; heapMib: number }> {
  const config = join(folder, "alone.capnp");
  await writeFile(join(folder, "alone.js"), await readFile(script));
  await writeFile(config, ALONE);
  const began = performance.now();
  const run = ["serve", config, "--experimental", "--control-fd=3", "--inspector-addr=127.0.0.1:0"];
  const child = spawn(WORKERD, run, { stdio: ["ignore", "ignore", "pipe", "pipe"] });
  const ended = once(child, "exit");
  try {
    const { socket, inspector } = await portsOf(child);
    await (await fetch(`http://127.0.0.1:${socket}/`)).text();
    return { startMs: performance.now() - began, heapMib: (await heapOf(inspector)) / 2 ** 20 };
  } finally {
    child.kill();
    await ended;
  }
}

const ALONE = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [(name = "index.js", esModule = embed "alone.js")],
    compatibilityDate = "2026-11-01",
  ))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`;

/** workerd reports the ports that it was given. @throws Error with its output if it ends before that */
async function portsOf(child: ChildProcess): Promise<{ socket: number; inspector: number }> {
  let said = "";
  child.stderr?.on("data", (chunk) => {
    said += chunk;
  });
  const ports = new Map<string, number>();
  for await (const line of createInterface({ input: child.stdio[3] as Readable })) {
    const { event, port } = JSON.parse(line) as { event: string; port: number };
    ports.set(event, port);
    const [socket, inspector] = [ports.get("listen"), ports.get("listen-inspector")];
    if (socket !== undefined && inspector !== undefined) return { socket, inspector };
  }
  throw new Error(`workerd did not start: ${said}`);
}

/** Bytes in use, as the runtime's inspector reports them. */
async function heapOf(port: number): Promise<number> {
  const targets = (await (await fetch(`http://127.0.0.1:${port}/json`)).json()) as { webSocketDebuggerUrl: string }[];
  const socket = new WebSocket(targets[0]?.webSocketDebuggerUrl ?? "");
  await once(socket, "open");
  socket.send(JSON.stringify({ id: 1, method: "Runtime.getHeapUsage" }));
  const [answer] = (await once(socket, "message")) as [MessageEvent<string>];
  socket.close();
  const { result } = JSON.parse(answer.data) as { result: { usedSize: number } };
  return result.usedSize;
}
