import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../../local/tool.ts";

/** What `wrangler … --help` says of a command. */
export type Command = {
  /** Names of what stands without a flag, such as `name`; `[path]` may be left out. */
  readonly positionals: readonly string[];
  /** Each flag by its name or alias, without dashes, and what it takes. */
  readonly flags: Readonly<Record<string, "boolean" | "string" | "number" | "array">>;
};

/** Written by `node scripts/wrangler-commands.ts` from the wrangler that is installed. */
export type Commands = { readonly version: string; readonly commands: Readonly<Record<string, Command>> };

export const COMMANDS = JSON.parse(readFileSync(join(ROOT, "test/deploy/wrangler-commands.json"), "utf8")) as Commands;

export type Call = {
  /** Such as `versions upload`. */
  readonly command: string;
  readonly positionals: readonly string[];
  readonly flags: Readonly<Record<string, string>>;
};

/** wrangler refuses the call itself, before it asks the account. */
export class BadCall extends Error {}

/** @throws BadCall with what wrangler says of a command or a flag that it does not have */
export function readCall(args: readonly string[]): Call {
  const command = [4, 3, 2, 1]
    .map((length) => args.slice(0, length).join(" "))
    .find((name) => name in COMMANDS.commands);
  if (command === undefined) throw new BadCall(`Unknown arguments: ${args.slice(0, 2).join(", ")}`);
  const { positionals: names, flags: known } = COMMANDS.commands[command] as Command;
  const positionals: string[] = [];
  const flags: Record<string, string> = {};
  const rest = args.slice(command.split(" ").length);
  for (let i = 0; i < rest.length; i++) {
    const arg = rest[i] ?? "";
    if (!arg.startsWith("-")) {
      positionals.push(arg);
      continue;
    }
    const [name = "", joined] = arg.replace(/^-+/, "").split(/=(.*)/s);
    const type = known[name];
    if (type === undefined) throw new BadCall(`Unknown argument: ${name}`);
    if (joined !== undefined) {
      flags[name] = joined;
      continue;
    }
    if (type === "boolean") {
      flags[name] = "true";
      continue;
    }
    const value = rest[++i];
    if (value === undefined || value.startsWith("--")) throw new BadCall(`Not enough arguments following: ${name}`);
    flags[name] = value;
  }
  const isOpen = names.some((name) => name.includes(".."));
  if (!isOpen && positionals.length > names.length) throw new BadCall(`Unknown argument: ${positionals.at(-1)}`);
  const required = names.filter((name) => !name.startsWith("["));
  if (positionals.length < required.length)
    throw new BadCall(`Not enough non-option arguments: got ${positionals.length}`);
  return { command, positionals, flags };
}
