#!/usr/bin/env node
import { defineCommand, runCommand, runMain } from "citty";
import { printable } from "./desk/printable.ts";
import { exitOf } from "./exit-error.ts";

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

const rawArgs = process.argv.slice(2);
const wantsHelp = rawArgs.length === 0 || rawArgs.includes("--help") || rawArgs.includes("-h");
if (wantsHelp) {
  await runMain(main, { rawArgs: [...rawArgs.filter((arg) => arg !== "-h"), "--help"] });
} else {
  await runCommand(main, { rawArgs }).catch((error: Error) => {
    const { code, message } = exitOf(error);
    console.error(
      message === undefined ? error : message.split("\n").map(printable).join("\n").replace(/^/, "concord: "),
    );
    process.exitCode = code;
  });
}
