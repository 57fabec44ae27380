import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readOptions } from "../local/options.ts";
import { bar } from "../local/screen.ts";
import { startStack } from "../local/stack.ts";
import { wholeNumber } from "../samples/whole-number.ts";
import { tellStory } from "./story.ts";

const values = readOptions(
  `npm run story -- [--seed 1] [--devices 200]
A fleet moves over from a warehouse and an AppSync API, on this machine.`,
  { seed: { type: "string", default: "1" }, devices: { type: "string", default: "200" } },
);
const seed = wholeNumber("--seed", values.seed, { from: 0, to: 2 ** 32 - 1 });
const devices = wholeNumber("--devices", values.devices, { from: 1, to: 10_000 });

console.log(`\nConcord: a fleet of ${devices} devices moves over from a warehouse and AppSync (seed ${seed})`);
console.log("\n0. Starting Concord: seven Workers with D1, Queues and Durable Objects on this machine");
const folder = mkdtempSync(join(tmpdir(), "concord-story-"));
const startedAt = performance.now();
const stack = await startStack();
let failures: readonly string[];
try {
  failures = await tellStory({ url: stack.url, folder, seed, devices, freshWithinMs: 1_000, say: console.log, bar });
} catch (error) {
  failures = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
} finally {
  await stack.stop();
}
const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
console.log(
  failures.length === 0
    ? `\nMoved over in ${seconds} s: both agree on ${devices} devices, and Concord is a day ahead.`
    : "\nThe story failed:\n",
);
for (const failure of failures) console.error(`  ✗ ${failure}`);
console.log(`The unload and the reports, differences.html and clean.html, are in ${folder}\n`);
process.exit(failures.length === 0 ? 0 : 1);
