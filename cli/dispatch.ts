import type { Command, CommandGroup, Options } from "./command/command.ts";
import { UsageError } from "./command/usage-error.ts";
import { CONCORD } from "./commands/index.ts";
import type { Terminal } from "./terminal/terminal.ts";

/**
 * Runs the command that the arguments name. A command is loaded when it is called, and help when it is asked for.
 * @throws UsageError for a call that cannot work
 */
export async function dispatch(args: readonly string[], terminal: Terminal): Promise<void> {
  if (args[0] === "--version" || args[0] === "-v") return terminal.print(`concord ${await version()}`);
  // What the scripts of `concord completion` call.
  if (args[0] === "__complete")
    return (await import("./completion/answer.ts")).answer(CONCORD, args.slice(1), terminal);
  let [name, group, rest]: [string, CommandGroup, readonly string[]] = ["concord", CONCORD, args];
  for (;;) {
    const [word, ...others] = rest;
    if (word === undefined || word.startsWith("-")) return printGroupHelp(name, group, rest, terminal);
    const found = Object.hasOwn(group.commands, word) ? group.commands[word] : undefined;
    if (!found && group.takesPath && (await isPath(word))) {
      rest = [group.takesPath, ...rest];
      continue;
    }
    if (!found) throw await unknownCommand(word, name, group);
    [name, rest] = [`${name} ${word}`, others];
    if (!("commands" in found)) return call(name, found.summary, await found.load(), rest, terminal);
    group = found;
  }
}

async function call(
  name: string,
  summary: string,
  command: Command,
  args: readonly string[],
  terminal: Terminal,
): Promise<void> {
  const [{ asksForHelp, commandHelp }, { parseInput }] = await Promise.all([
    import("./command/help.ts"),
    import("./command/parse.ts"),
  ]);
  if (asksForHelp(args)) {
    for (const line of commandHelp(name, summary, command, terminal.paint)) terminal.print(line);
    return;
  }
  await command.run(parseInput(command, args, name), terminal);
}

async function printGroupHelp(name: string, group: CommandGroup, args: readonly string[], terminal: Terminal) {
  const { asksForHelp, groupHelp } = await import("./command/help.ts");
  // An option before the command would have no effect.
  if (args[0] !== undefined && !asksForHelp(args)) {
    const [option] = args[0].split("=");
    throw new UsageError(`${option} goes after the command: ${name} <command> ${option}`);
  }
  const options: Options = group === CONCORD ? { version: { summary: "Print the version" } } : {};
  for (const line of groupHelp(name, group, terminal.paint, options)) terminal.print(line);
}

async function isPath(word: string): Promise<boolean> {
  return word.includes("/") || (await import("node:fs")).existsSync(word);
}

async function unknownCommand(word: string, parent: string, { commands }: CommandGroup): Promise<UsageError> {
  const { nearest } = await import("./command/nearest.ts");
  const similar = nearest(word, Object.keys(commands));
  return new UsageError(
    similar === undefined
      ? `there is no command ${parent} ${word}. Commands: ${Object.keys(commands).join(", ")}. \`${parent} --help\` explains them.`
      : `there is no command ${parent} ${word}. Did you mean ${parent} ${similar}? \`${parent} --help\` lists all commands.`,
  );
}

/** Of the package, which has a version of its own, and the last release of the contracts that it checks records by. */
async function version(): Promise<string> {
  const [{ default: description }, { default: releases }] = await Promise.all([
    import("../packages/cli/package.json", { with: { type: "json" } }),
    // The index itself: its module would have its types taken out first, and this has to be quick.
    import("#contracts/releases/index.json", { with: { type: "json" } }),
  ]);
  return `${description.version} (contracts: release ${releases.at(-1)?.release ?? "none"})`;
}
