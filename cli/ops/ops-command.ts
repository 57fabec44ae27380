import {
  type Arguments,
  type Command,
  type Description,
  defineCommand,
  type Input,
  type Options,
} from "../command/command.ts";
import { type Output, outputOf, type QuietTerminal } from "../terminal/output.ts";
import { type Column, tableLines } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { OpsClient } from "./client.ts";
import { credentialsFor, platformUrl } from "./platform.ts";

/** What a command of the operations API works with. */
export type OpsContext = {
  readonly client: OpsClient;
  readonly terminal: QuietTerminal;
  readonly output: Output;
  /** Prints the answer of the API, unchanged, with `--json`; or else lines for people. */
  readonly print: (json: unknown, lines: () => readonly string[]) => void;
  /** Lines of a table that fits the terminal. */
  readonly table: <T>(items: readonly T[], columns: readonly Column<T>[]) => string[];
  readonly isJson: boolean;
  readonly nowMs: number;
};

const COMMON = {
  url: { value: "url", summary: "Address of the platform (default CONCORD_URL, else http://127.0.0.1:8787)" },
  json: { summary: "Print the JSON of the operations API" },
} as const satisfies Options;

type OpsDescription<A extends Arguments, O extends Options> = Description<A, O> & {
  readonly run: (context: OpsContext, input: Input<A, O>) => Promise<void>;
};

/** A command of the operations API: it takes `--url` and `--json` in addition to its own options. */
export function opsCommand<
  const A extends Arguments = Record<never, never>,
  const O extends Options = Record<never, never>,
>({ run, options, ...description }: OpsDescription<A, O>): Command {
  return defineCommand({
    ...(description as Description),
    options: { ...options, ...COMMON },
    run: async (input, terminal) => {
      const { url, json } = input as Input<Arguments, typeof COMMON>;
      return run(await connect({ url, isJson: json === true }, terminal), input as unknown as Input<A, O>);
    },
  });
}

async function connect(
  { url: given, isJson }: { url: string | undefined; isJson: boolean },
  whole: Terminal,
): Promise<OpsContext> {
  const { terminal, output } = outputOf(whole);
  const url = platformUrl(given, terminal.env);
  return {
    client: new OpsClient(url, await credentialsFor(url, terminal.env)),
    terminal,
    output,
    print: (json, lines) => {
      if (isJson) output.json(JSON.stringify(json));
      else for (const line of lines()) output.line(line);
    },
    table: (items, columns) => tableLines(items, columns, { width: terminal.width, paint: terminal.paint }),
    isJson,
    nowMs: terminal.now(),
  };
}
