/**
 * The stand-in as a program, which `CONCORD_WRANGLER` names: its account is the file `CONCORD_ACCOUNT`. A call that
 * `CONCORD_HELD` matches waits until a file `held` beside it is gone, so that a test can interrupt us in its middle.
 */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { changeState } from "./file.ts";
import { play } from "./play.ts";

const args = process.argv.slice(2);
const input = process.stdin.isTTY ? "" : readFileSync(0, "utf8");
const call = args.join(" ");
const held = process.env.CONCORD_HELD;
if (held !== undefined && new RegExp(held).test(call)) {
  const mark = join(dirname(process.env.CONCORD_ACCOUNT ?? ""), "held");
  while (existsSync(mark)) await setTimeout(20);
}
const { status, stdout, stderr, entries = [] } = changeState((state) => play(state, args, input));
const path = process.env.WRANGLER_OUTPUT_FILE_PATH;
if (path !== undefined && entries.length > 0) {
  appendFileSync(path, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
}
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = status;
