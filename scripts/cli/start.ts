import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildCli, CLI_PACKAGE } from "./build.ts";
import { loadedWith } from "./loaded-by.ts";
import { node20InPath } from "./node-20.ts";

/**
 * What it takes to start the compiled command line beside a Node that runs nothing: `npm run cli:start -- --rounds 20`.
 * The calls of a round take turns with bare ones, so that a busy machine disturbs all alike: compare the ratios.
 */
const START = ["packages/cli/src/bin.ts", "cli/concord.ts"];
const COMMAND = [...START, "cli/command/help.ts", "cli/command/parse.ts"];
const CALLS: readonly { readonly args: readonly string[]; readonly loads: readonly string[] }[] = [
  { args: ["--version"], loads: [...START, "packages/cli/package.json", "src/shared/contracts/releases.ts"] },
  { args: ["--help"], loads: [...START, "cli/command/help.ts"] },
  { args: ["dlq", "list", "--help"], loads: [...COMMAND, "cli/commands/dlq/letters.ts"] },
  { args: ["token", "--help"], loads: [...COMMAND, "cli/commands/token.ts"] },
  { args: ["bridge", "--help"], loads: [...COMMAND, "cli/commands/bridge.ts"] },
  { args: ["backfill", "run", "--help"], loads: [...COMMAND, "cli/commands/backfill/run.ts"] },
  { args: ["parity", "--help"], loads: [...COMMAND, "cli/commands/parity.ts"] },
];

const { values } = parseArgs({ options: { rounds: { type: "string", default: "15" } } });
const metafile = await buildCli();
const program = join(CLI_PACKAGE, "dist", "bin", "concord.js");
const node = node20InPath() ?? process.execPath;

const times: { bare: number; ours: number }[][] = CALLS.map(() => []);
for (let round = 0; round < Number(values.rounds); round++) {
  for (const [i, { args }] of CALLS.entries()) {
    times[i]?.push({ bare: msOf(["-e", "0"]), ours: msOf([program, ...args]) });
  }
}

const { stdout: version } = spawnSync(node, ["--version"], { encoding: "utf8" });
console.log(`${version.trim()}, ${values.rounds} rounds; medians, and the ratio to a bare Node in the same round`);
for (const [i, { args, loads }] of CALLS.entries()) {
  const rounds = times[i] ?? [];
  const { bytes, packages } = loadedWith(metafile, loads);
  const [bare, ours, ratio] = [
    median(rounds.map((each) => each.bare)),
    median(rounds.map((each) => each.ours)),
    median(rounds.map((each) => each.ours / each.bare)),
  ];
  const what = `${Math.round(bytes / 1_000)} kB${packages.length === 0 ? "" : `, of them ${packages.join(", ")}`}`;
  console.log(
    `${args.join(" ").padEnd(20)} ${ours.toFixed(0)} ms : ${bare.toFixed(0)} ms = ${ratio.toFixed(2)}   loads ${what}`,
  );
}

function msOf(args: readonly string[]): number {
  const began = performance.now();
  const { status, stderr } = spawnSync(node, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${args.join(" ")} ended with ${status}: ${stderr}`);
  return performance.now() - began;
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
