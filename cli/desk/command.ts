import { parseArgs } from "node:util";
import { type CommandDef, defineCommand } from "citty";
import { DLQ_SUMMARIES, type DlqCommandName } from "../summaries.ts";
import { UsageError } from "../usage-error.ts";
import { addressOf, tokenFor } from "./address.ts";
import { DeskClient } from "./client.ts";
import { type Column, columnsOf } from "./columns.ts";
import { type Output, outputOf, type QuietTerminal } from "./output.ts";
import { processTerminal, type Terminal } from "./terminal.ts";

type Option = { readonly type: "string" | "boolean"; readonly description: string; readonly multiple?: true };
export type Options = Readonly<Record<string, Option>>;

type ValueOf<O extends Option> = O["type"] extends "boolean"
  ? boolean
  : O extends { multiple: true }
    ? string[]
    : string;
type ValuesOf<O extends Options> = { readonly [Name in keyof O]?: ValueOf<O[Name]> | undefined };

/** What a command of the desk works with. */
export type Desk = {
  readonly client: DeskClient;
  readonly terminal: QuietTerminal;
  readonly output: Output;
  /** Prints what the API said as it said it, where `--json` asks for that, else lines for people. */
  readonly print: (json: unknown, lines: () => readonly string[]) => void;
  /** Lines of a table that fits the terminal. */
  readonly table: <T>(items: readonly T[], columns: readonly Column<T>[]) => string[];
  readonly isJson: boolean;
  readonly nowMs: number;
};

type Positional = { readonly name: string; readonly description: string; readonly required?: false };

type Spec<O extends Options> = {
  readonly name: DlqCommandName;
  /** What stands without a name, in order, and whether it has to. */
  readonly positionals?: readonly Positional[];
  readonly options?: O;
  readonly run: (desk: Desk, values: ValuesOf<O>, ...positionals: string[]) => Promise<void>;
};

export type DeskCommand = CommandDef & {
  /** The command, in a terminal that may be another than the process's. */
  readonly execute: (args: string[], terminal: Terminal) => Promise<void>;
};

const COMMON = {
  url: { type: "string", description: "Where the platform is; else CONCORD_URL, else http://127.0.0.1:8787" },
  json: { type: "boolean", description: "Prints what the API says, for scripts" },
} as const satisfies Options;

/** citty keeps only the last of a repeated option and lets misspelled ones pass, so it writes the help, and we read. */
export function deskCommand<const O extends Options>(spec: Spec<O>): DeskCommand {
  const { name, positionals = [], options } = spec;
  const all: Options = { ...options, ...COMMON };
  const execute = async (args: string[], terminal: Terminal) => {
    const { values, given } = read(args, all);
    const unexpected = given.slice(positionals.length);
    if (unexpected.length > 0) throw new UsageError(`unexpected ${unexpected.join(" ")}`);
    const missing = positionals.find(({ required }, i) => required !== false && !given[i]);
    if (missing)
      throw new UsageError(
        `say which ${missing.name}: concord dlq ${name} ${positionals.map((each) => `<${each.name}>`).join(" ")}`,
      );
    const desk = await deskOf(values, terminal);
    await spec.run(desk, values as ValuesOf<O>, ...positionals.map((_, i) => given[i] ?? ""));
  };
  const command = defineCommand({
    meta: { name, description: DLQ_SUMMARIES[name] },
    args: {
      ...Object.fromEntries(
        positionals.map((each) => [
          each.name,
          // Whether it is there is for us to say: citty would take the value of an option it does not know for it.
          { type: "positional" as const, description: each.description, required: false },
        ]),
      ),
      ...Object.fromEntries(Object.entries(all).map(([key, { type, description }]) => [key, { type, description }])),
    },
    run: ({ rawArgs }) => execute(rawArgs, processTerminal()),
  });
  return Object.assign(command as CommandDef, { execute });
}

function read(args: string[], options: Options) {
  try {
    const known = Object.fromEntries(
      Object.entries(options).map(([name, { type, multiple }]) => [name, { type, ...(multiple && { multiple }) }]),
    );
    const { values, positionals } = parseArgs({ args, options: known, allowPositionals: true });
    return { values: values as Record<string, unknown>, given: positionals };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function deskOf(values: Record<string, unknown>, given: Terminal): Promise<Desk> {
  const { terminal, output } = outputOf(given);
  const url = addressOf(values.url as string | undefined, terminal.env);
  const isJson = values.json === true;
  return {
    client: new DeskClient(url, await tokenFor(url, terminal.env)),
    terminal,
    output,
    print: (json, lines) => {
      if (isJson) output.json(JSON.stringify(json));
      else for (const line of lines()) output.line(line);
    },
    table: (items, columns) => columnsOf(items, columns, terminal.width, terminal.paint),
    isJson,
    nowMs: terminal.now(),
  };
}
