/**
 * The stand-in as a program, which `CONCORD_WRANGLER` names: its account is the file `CONCORD_ACCOUNT`. It takes a moment
 * where `CONCORD_SLOW` matches the call, so that a test can kill us in its middle.
 */
import { appendFileSync, readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { changeState } from "./file.ts";
import { play } from "./play.ts";

const args = process.argv.slice(2);
const input = process.stdin.isTTY ? "" : readFileSync(0, "utf8");
const call = args.join(" ");
const slow = process.env.CONCORD_SLOW;
if (slow !== undefined && new RegExp(slow).test(call)) await setTimeout(1_500);
const { status, stdout, stderr, entries = [] } = changeState((state) => play(state, args, input));
const path = process.env.WRANGLER_OUTPUT_FILE_PATH;
if (path !== undefined && entries.length > 0) {
  appendFileSync(path, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
}
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = status;
