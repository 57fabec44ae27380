#!/usr/bin/env node
import { stripVTControlCharacters } from "node:util";
import { type CommandDef, defineCommand, renderUsage, runCommand, runMain } from "citty";
import { exitOf, stackOf } from "./exit-error.ts";

const main = defineCommand({
  meta: { name: "concord", description: "Works with a Concord platform from the outside." },
  subCommands: {
    credential: () => import("./commands/credential.ts").then(({ credential }) => credential),
    dlq: () => import("./commands/dlq/index.ts").then(({ dlq }) => dlq),
    token: () => import("./commands/token.ts").then(({ token }) => token),
  },
});

// Whoever reads may have enough, as `head` does; that is no fault.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

/** citty colours its help whoever reads it, a file too. */
async function showUsage(command: CommandDef, parent?: CommandDef): Promise<void> {
  const usage = await renderUsage(command, parent);
  console.log(process.stdout.isTTY && !process.env.NO_COLOR ? usage : stripVTControlCharacters(usage));
}

const rawArgs = process.argv.slice(2);
const wantsHelp = rawArgs.length === 0 || rawArgs.includes("--help") || rawArgs.includes("-h");
if (wantsHelp) {
  const args = [...rawArgs.filter((arg) => arg !== "-h"), "--help"];
  await runMain(main, { rawArgs: args, showUsage: showUsage as typeof import("citty").showUsage });
} else {
  await runCommand(main, { rawArgs }).catch((error: Error) => {
    const { code, message } = exitOf(error);
    console.error(message === undefined ? stackOf(error) : `concord: ${message}`);
    process.exitCode = code;
  });
}
