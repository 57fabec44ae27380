import type { Paint } from "../terminal/paint.ts";
import type { Arguments, CommandGroup, Description, Options } from "./command.ts";

export const HELP_OPTION = "help";

/** Whether help is asked for anywhere in a call. Everything after `--` is a value. */
export function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return (end < 0 ? args : args.slice(0, end)).some((each) => each === `--${HELP_OPTION}` || each === "-h");
}

const USUAL_EXITS = { 0: "success", 2: "the call cannot work" };

/** `concord dlq show <id> [options]` */
export function usageLine(name: string, { arguments: given = {} }: Description): string {
  return [name, ...Object.keys(given).map((each) => argumentLabel(each, given)), "[options]"].join(" ");
}

export function commandHelp(name: string, summary: string, description: Description, paint: Paint): string[] {
  const { details, arguments: given = {}, options = {}, examples, exits } = description;
  return [
    ...introduction(summary, details),
    ...section("Usage", [`  ${usageLine(name, description)}`], paint),
    ...section("Arguments", rows(Object.entries(given).map(([each, { summary }]) => [`<${each}>`, summary])), paint),
    ...section("Options", optionRows(options), paint),
    ...section(
      "Examples",
      examples.map((each) => `  ${each}`),
      paint,
    ),
    ...(exits === undefined ? [] : section("Exit codes", rows(Object.entries({ ...USUAL_EXITS, ...exits })), paint)),
  ];
}

export function groupHelp(name: string, group: CommandGroup, paint: Paint, options: Options = {}): string[] {
  const { summary, details, commands, notes } = group;
  return [
    ...introduction(summary, details),
    ...section("Usage", [`  ${name} <command> [options]`], paint),
    ...section("Commands", rows(Object.entries(commands).map(([each, { summary }]) => [each, summary])), paint),
    ...section("Options", optionRows(options), paint),
    "",
    `\`${name} <command> --help\` explains a command.`,
    ...(notes === undefined ? [] : ["", ...notes.split("\n")]),
  ];
}

const introduction = (summary: string, details: string | undefined): string[] => [
  `${summary}.`,
  ...(details === undefined ? [] : ["", ...details.split("\n")]),
];

type Row = readonly [label: string, summary: string];

/** Every command and group takes `--help` too. */
const optionRows = (options: Options): string[] =>
  rows([
    ...Object.entries(options).map(
      ([name, { value, summary, repeats }]): Row => [
        value === undefined ? `--${name}` : `--${name} <${value}>`,
        repeats ? `${summary}; may be repeated` : summary,
      ],
    ),
    [`-h, --${HELP_OPTION}`, "Show this help"],
  ]);

const argumentLabel = (name: string, given: Arguments): string => (given[name]?.optional ? `[${name}]` : `<${name}>`);

const section = (title: string, lines: readonly string[], paint: Paint): string[] =>
  lines.length === 0 ? [] : ["", paint("title", title), ...lines];

function rows(all: readonly Row[]): string[] {
  const width = Math.max(0, ...all.map(([label]) => label.length));
  return all.map(([label, summary]) => `  ${label.padEnd(width)}  ${summary}`);
}
