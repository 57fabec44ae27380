#!/usr/bin/env node
import { defineCommand, runCommand, runMain } from "citty";
import { UsageError } from "./usage-error.ts";

const main = defineCommand({
  meta: { name: "concord", description: "Works with a Concord platform from the outside." },
  subCommands: {
    credential: () => import("./commands/credential.ts").then(({ credential }) => credential),
    token: () => import("./commands/token.ts").then(({ token }) => token),
  },
});

const rawArgs = process.argv.slice(2);
const wantsHelp = rawArgs.length === 0 || rawArgs.includes("--help") || rawArgs.includes("-h");
if (wantsHelp) {
  await runMain(main, { rawArgs: [...rawArgs.filter((arg) => arg !== "-h"), "--help"] });
} else {
  await runCommand(main, { rawArgs }).catch((error: Error) => {
    const isUsage = error instanceof UsageError || error.name === "CLIError";
    console.error(isUsage ? `concord: ${error.message}` : error);
    process.exitCode = isUsage ? 2 : 1;
  });
}
