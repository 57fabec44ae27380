#!/usr/bin/env node
import { defineCommand, runCommand, runMain } from "citty";
import { ExitError } from "./exit-error.ts";
import { UsageError } from "./usage-error.ts";

const main = defineCommand({
  meta: { name: "concord", description: "Works with a Concord platform from the outside." },
  subCommands: {
    credential: () => import("./commands/credential.ts").then(({ credential }) => credential),
    dlq: () => import("./commands/dlq/index.ts").then(({ dlq }) => dlq),
    token: () => import("./commands/token.ts").then(({ token }) => token),
  },
});

const rawArgs = process.argv.slice(2);
const wantsHelp = rawArgs.length === 0 || rawArgs.includes("--help") || rawArgs.includes("-h");
if (wantsHelp) {
  await runMain(main, { rawArgs: [...rawArgs.filter((arg) => arg !== "-h"), "--help"] });
} else {
  await runCommand(main, { rawArgs }).catch((error: Error) => {
    if (error instanceof ExitError) {
      console.error(`concord: ${error.message}`);
      process.exitCode = error.code;
      return;
    }
    const isUsage = error instanceof UsageError || error.name === "CLIError";
    console.error(isUsage ? `concord: ${error.message}` : error);
    process.exitCode = isUsage ? 2 : 1;
  });
}
