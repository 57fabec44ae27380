import { parseArgs } from "node:util";
import { benchArchive } from "./archive.ts";
import { benchBackfill } from "./backfill.ts";
import { benchBridge } from "./bridge.ts";
import { benchConsumer } from "./consumer.ts";
import { benchCost } from "./cost.ts";
import { writeDocument } from "./document.ts";
import { judge } from "./gates.ts";
import { benchGrowth } from "./growth.ts";
import { benchIngest } from "./ingest.ts";
import { benchLive } from "./live.ts";
import { benchNode } from "./node.ts";
import { benchObjects } from "./objects.ts";
import { benchRead } from "./read.ts";
import { benchRebuild } from "./rebuild.ts";
import { type Figures, gatesOf, tablesOf } from "./report.ts";
import { benchStart } from "./start.ts";

/**
 * `npm run bench`: measures the platform on this machine, over HTTP and WebSocket to local Workers, against what the
 * platform under it costs by itself. `npm run bench -- live ingest` runs those parts only.
 * `npm run bench:check` fails when a gate is broken; `npm run bench -- --write` writes
 * docs/performance.md, and with parts named only what they measured anew.
 */
const PARTS = {
  ingest: benchIngest,
  consumer: benchConsumer,
  objects: benchObjects,
  read: benchRead,
  node: benchNode,
  cost: benchCost,
  archive: benchArchive,
  growth: benchGrowth,
  rebuild: (say: (line: string) => void) => benchRebuild(say),
  start: benchStart,
  bridge: benchBridge,
  backfill: (say: (line: string) => void) => benchBackfill(say),
  live: (say: (line: string) => void) => benchLive(liveLoad(), say),
};
type Part = keyof typeof PARTS;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    check: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    devices: { type: "string", default: "50" },
    sockets: { type: "string", default: "500" },
    screens: { type: "string", default: "20" },
    rounds: { type: "string", default: "40" },
    "pace-ms": { type: "string", default: "500" },
  },
});

const unknown = positionals.filter((name) => !Object.hasOwn(PARTS, name));
if (unknown.length > 0) fail(`There is no part ${unknown.join(", ")}; there are ${Object.keys(PARTS).join(", ")}.`);

const started = performance.now();
const say = (line: string) =>
  console.log(`  ${((performance.now() - started) / 1_000).toFixed(1).padStart(6)} s  ${line}`);

const figures: { -readonly [name in keyof Figures]: Figures[name] } = {};
for (const name of Object.keys(PARTS) as Part[]) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  Object.assign(figures, { [name]: await PARTS[name](say) });
  // Saved at once, since later parts may fail.
  if (values.write) writeDocument(figures, positionals.length > 0);
}

for (const { title, text } of tablesOf(figures)) console.log(`\n${title}\n\n${text}`);
const { lines, broken } = judge(gatesOf(figures));
console.log(`\nGates\n\n${lines.map((line) => `  ${line}`).join("\n")}\n`);
if (broken > 0) console.error(`${broken} of ${lines.length} gates are broken.`);
process.exit(values.check && broken > 0 ? 1 : 0);

function liveLoad() {
  return {
    devices: countOf("devices"),
    sockets: countOf("sockets"),
    screens: countOf("screens"),
    rounds: countOf("rounds"),
    paceMs: countOf("pace-ms"),
  };
}

function countOf(name: "devices" | "sockets" | "screens" | "rounds" | "pace-ms"): number {
  const count = Number(values[name]);
  if (Number.isInteger(count) && count > 0) return count;
  return fail(`--${name} has to be a whole number above 0.`);
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
