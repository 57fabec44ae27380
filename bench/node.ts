import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { LOCAL_TOKEN_SECRET } from "#auth/token.ts";
import { percentile } from "../local/screen.ts";
import { drainOurs, REQUESTS, requestsOf } from "./consumer.ts";
import { type Rate, takeTurns } from "./measure.ts";
import { askDevice, askPage, DEVICES, fill, follow, headersOf, settled } from "./read.ts";
import { produce } from "./records.ts";
import { startOurs } from "./stacks.ts";

const SIDES = ["node", "ours"] as const;
export type Side = (typeof SIDES)[number];

export type NodeFigures = {
  /** Records per second, from the first POST until the last can be read. The median of turns. */
  readonly recordsPerSecond: Readonly<Record<Side, number>>;
  readonly device: Readonly<Record<Side, Rate>>;
  readonly page: Readonly<Record<Side, Rate>>;
  /** Milliseconds from the beginning of a POST until a reader sees its event. */
  readonly visibleMs: Readonly<Record<Side, { readonly p50: number; readonly p99: number }>>;
};

const TURNS = 5;
const FOLLOWED = 100;

/**
 * The same job done by Fastify, Drizzle on SQLite and Apollo Server, in one Node process on this machine. Concord runs
 * in a simulation of the platform, whose D1 and queue are Workers themselves, so this compares the cost on this
 * machine.
 */
export async function benchNode(say: (line: string) => void): Promise<NodeFigures> {
  const node = await startNode(say);
  const ours = await startOurs({ objectWrites: "live" });
  try {
    const headers = await headersOf();
    const urlOf: Readonly<Record<Side, URL>> = { node: node.url, ours: ours.url };
    for (const side of SIDES) await fill(urlOf[side]);
    await settled(ours);
    say("node: reads");
    const rates = await takeTurns({
      deviceNode: (i) => askDevice(urlOf.node, `bench-${i % DEVICES}`, headers),
      deviceOurs: (i) => askDevice(urlOf.ours, `bench-${i % DEVICES}`, headers),
      pageNode: () => askPage(urlOf.node, headers),
      pageOurs: () => askPage(urlOf.ours, headers),
    });
    say(`node: from POST to visible, ${FOLLOWED} events on each side`);
    const visible: Record<Side, number[]> = { node: [], ours: [] };
    for (let i = 1; i <= FOLLOWED; i++) {
      for (const side of SIDES) visible[side].push(await follow(urlOf[side], i, headers));
    }
    const drains: Record<Side, number[]> = { node: [], ours: [] };
    for (let turn = 1; turn <= TURNS; turn++) {
      say(`node: turn ${turn} of ${TURNS}, each of ${REQUESTS * 100} records until all can be read`);
      drains.node.push(await drainNode(node.url, FOLLOWED + turn));
      drains.ours.push(await drainOurs(ours, FOLLOWED + turn));
    }
    const rateOf = (ms: readonly number[]) => (REQUESTS * 100 * 1_000) / percentile(ms, 0.5);
    const summary = (ms: readonly number[]) => ({ p50: percentile(ms, 0.5), p99: percentile(ms, 0.99) });
    return {
      recordsPerSecond: { node: rateOf(drains.node), ours: rateOf(drains.ours) },
      device: { node: rates.deviceNode, ours: rates.deviceOurs },
      page: { node: rates.pageNode, ours: rates.pageOurs },
      visibleMs: { node: summary(visible.node), ours: summary(visible.ours) },
    };
  } finally {
    await Promise.all([node.stop(), ours.stop()]);
  }
}

/** Installs it at the first run, since only the bench needs its packages. */
async function startNode(say: (line: string) => void) {
  const folder = join(import.meta.dirname, "node-stack");
  if (!existsSync(join(folder, "node_modules"))) {
    say("node: installing Fastify, Drizzle and Apollo Server in bench/node-stack");
    const { status, stderr, error } = spawnSync("npm ci --no-audit --no-fund", {
      cwd: folder,
      encoding: "utf8",
      // On Windows npm is a batch file, which only the shell can start.
      shell: true,
    });
    if (status !== 0) throw new Error(`bench/node-stack could not be installed: ${error?.message ?? stderr}`);
  }
  const DATABASE = join(await mkdtemp(join(tmpdir(), "concord-bench-")), "node.db");
  const child = spawn(process.execPath, [join(folder, "server.ts")], {
    env: { ...process.env, NODE_ENV: "production", DATABASE, TOKEN_SECRET: LOCAL_TOKEN_SECRET, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const address = await Promise.race([once(child.stdout, "data"), ended.then(() => undefined)]);
  if (!address) throw new Error("bench/node-stack ended before it listened");
  const stop = async () => {
    child.kill();
    await ended;
  };
  return { url: new URL(String(address[0]).trim()), stop };
}

/** Each answer means that the records are written. */
async function drainNode(url: URL, number: number): Promise<number> {
  const began = performance.now();
  await Promise.all(requestsOf(number).map((records) => produce(url, records)));
  return performance.now() - began;
}
