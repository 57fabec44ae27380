/**
 * Writes what the installed wrangler's `--help` says of each command that we run or tell people to run. The stand-in of
 * wrangler in the tests refuses every command and flag that is not in it, so that none is invented. With `--check` it
 * writes nothing, and fails if wrangler says something else by now.
 */
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { ROOT, toolPath } from "../local/tool.ts";
import type { Command, Commands } from "../test/deploy/account/call.ts";
import { formatSource } from "./format-source.ts";

const NAMES = [
  ...["login", "logout", "whoami", "auth token", "delete", "deploy", "tail"],
  ...["d1 list", "d1 info", "d1 create", "d1 delete", "d1 execute", "d1 export", "d1 insights"],
  ...["d1 migrations list", "d1 migrations apply", "d1 time-travel info", "d1 time-travel restore"],
  ...["queues list", "queues info", "queues create", "queues delete", "queues purge", "queues update"],
  ...["queues pause-delivery", "queues resume-delivery", "queues consumer remove"],
  ...["r2 bucket info", "r2 bucket create", "r2 bucket delete", "r2 bucket catalog enable"],
  ...["pipelines create", "pipelines streams create", "pipelines sinks create"],
  ...["secret list", "secret put", "secret bulk", "secret delete"],
  ...["versions list", "versions view", "versions upload", "versions deploy"],
  ...["deployments list", "deployments status", "triggers deploy", "rollback"],
];

const PATH = join(ROOT, "test/deploy/wrangler-commands.json");

/** Half a megabyte of JavaScript is parsed for each: two at a time. */
const AT_ONCE = 2;

async function readCommands(): Promise<Commands> {
  const left = [...NAMES];
  const commands: Record<string, Command> = {};
  const read = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined; name = left.shift())
      commands[name] = parseHelp(name, await helpOf(name));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, read));
  const { version } = JSON.parse(readFileSync(join(ROOT, "node_modules/wrangler/package.json"), "utf8")) as {
    version: string;
  };
  return { version, commands: Object.fromEntries(NAMES.map((name) => [name, commands[name] as Command])) };
}

async function helpOf(name: string): Promise<string> {
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", NO_COLOR: "1", FORCE_COLOR: "0" };
  const { stdout } = await promisify(execFile)(process.execPath, [toolPath("wrangler"), ...name.split(" "), "--help"], {
    env,
  });
  return stdout;
}

/** @throws Error if the text is not the help of this command: wrangler shows the parent's for one that it does not know */
function parseHelp(name: string, help: string): Command {
  const usage = help
    .split("\n")
    .find((line) => line.trim().startsWith(`wrangler ${name}`))
    ?.trim();
  if (usage === undefined) throw new Error(`wrangler has no command ${name}: its help is\n${help}`);
  const positionals = [
    ...usage.slice(`wrangler ${name}`.length).matchAll(/<([\w-]+)(\.\.)?>|(\[[\w-]+(?:\.\.)?\])/g),
  ].map(([, required, more = "", optional]) => optional ?? `${required}${more}`);
  const entries = help.split(/\n(?= {2,6}(?:-\w, )?--[a-z])/).slice(1);
  const flags = entries.flatMap((entry) => {
    const [head = ""] = entry.trim().split(/\s{2,}/);
    const [, type = "string"] = /\[(boolean|string|number|array)\]/.exec(entry) ?? [];
    return head.split(", ").map((flag) => [flag.replace(/^-+/, ""), type] as const);
  });
  return { positionals, flags: Object.fromEntries(flags) as Command["flags"] };
}

if (import.meta.main) {
  const read = await readCommands();
  if (!process.argv.includes("--check")) writeFileSync(PATH, formatSource(PATH, JSON.stringify(read)));
  else if (JSON.stringify(JSON.parse(readFileSync(PATH, "utf8"))) !== JSON.stringify(read)) {
    console.error(
      "wrangler's commands are not those of test/deploy/wrangler-commands.json: run `npm run generate:wrangler`.",
    );
    process.exitCode = 1;
  }
}
