import type { CommandDef } from "citty";
import { DLQ_SUMMARIES, SUMMARIES } from "./summaries.ts";
import { UsageError } from "./usage-error.ts";

/** Nothing is loaded before it is needed: help and the version answer at once. */
async function main([first, second, ...rest]: readonly string[]): Promise<void> {
  const asked = [first, second, ...rest];
  if (first === "--version" || first === "-v") return printVersion();
  const wantsHelp = asked.includes("--help") || asked.includes("-h");
  if (first === undefined || (wantsHelp && first.startsWith("-"))) return (await import("./help.ts")).printHelp();
  if (!isIn(SUMMARIES, first)) throw unknownCommand(first, "concord", Object.keys(SUMMARIES));
  if (first !== "dlq") {
    const command = await load(first);
    return wantsHelp ? (await import("./help.ts")).printCommandHelp(command, "concord") : run(command, asked.slice(1));
  }
  if (second === undefined || (wantsHelp && second.startsWith("-"))) return (await import("./help.ts")).printDlqHelp();
  // An option before the command would be dropped without a word.
  if (second.startsWith("-")) {
    throw new UsageError(`${second} goes after the command: concord dlq list ${second}`);
  }
  if (!isIn(DLQ_SUMMARIES, second)) throw unknownCommand(second, "concord dlq", Object.keys(DLQ_SUMMARIES));
  const { COMMANDS } = await import("./commands/dlq/index.ts");
  const command = await COMMANDS[second]();
  return wantsHelp ? (await import("./help.ts")).printCommandHelp(command, "concord dlq") : run(command, rest);
}

const isIn = <T extends object>(names: T, name: string): name is Extract<keyof T, string> => Object.hasOwn(names, name);

async function printVersion(): Promise<void> {
  const { readFileSync } = await import("node:fs");
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  console.log(`concord ${version}`);
}

const unknownCommand = (name: string, parent: string, names: readonly string[]): UsageError =>
  new UsageError(
    `there is no command ${parent} ${name}. Commands: ${names.join(", ")}. ${parent} --help explains them.`,
  );

async function load(name: "credential" | "token"): Promise<CommandDef> {
  const command =
    name === "token"
      ? (await import("./commands/token.ts")).token
      : (await import("./commands/credential.ts")).credential;
  return command as CommandDef;
}

async function run(command: CommandDef, rawArgs: readonly (string | undefined)[]): Promise<void> {
  const { runCommand } = await import("citty");
  await runCommand(command, { rawArgs: rawArgs.filter((arg) => arg !== undefined) });
}

// A reader may stop reading, as `head` does; that is no fault.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

await main(process.argv.slice(2)).catch(async (error: Error) => {
  const { exitOf, stackOf } = await import("./exit-error.ts");
  const { code, message } = exitOf(error);
  console.error(message === undefined ? stackOf(error) : `concord: ${message}`);
  process.exitCode = code;
});
