import type { ExitCode } from "../exit-error.ts";
import type { Terminal } from "../terminal/terminal.ts";

/**
 * What completion offers for a value: these, what a function gives (so that help does not load it), or files or folders.
 * One that ends with `:` or `.` is the beginning of a value.
 */
export type Offer = readonly string[] | (() => Promise<readonly string[]>) | "file" | "folder";

/** An option with a `value`, its placeholder in help, takes a value. One without is a switch. */
export type Option = {
  readonly summary: string;
  readonly value?: string;
  /** May be given several times, and every value counts. */
  readonly repeats?: true;
  /** Without it, a value that is called `file` or `folder` is one. */
  readonly offer?: Offer;
};
export type Options = Readonly<Record<string, Option>>;

/** A value that is given by its position. */
export type Argument = { readonly summary: string; readonly optional?: true; readonly offer?: Offer };
/** In the order in which they are given. */
export type Arguments = Readonly<Record<string, Argument>>;

/** What a command takes. Parsing, help and the errors of a wrong call all follow from it. */
export type Description<A extends Arguments = Arguments, O extends Options = Options> = {
  /** What the summary has no room for. */
  readonly details?: string;
  readonly arguments?: A;
  readonly options?: O;
  /** Whole command lines. */
  readonly examples: readonly string[];
  /** When it ends with which code, for scripts; beside 0 for success and 2 for a call that cannot work. */
  readonly exits?: Readonly<Partial<Record<ExitCode, string>>>;
};

type ValueOf<O extends Option> = O extends { readonly value: string }
  ? O extends { readonly repeats: true }
    ? readonly string[]
    : string
  : boolean;

/** What a call gives, by the names of arguments and options: text, a list of texts, or `true` for a switch. */
export type Input<A extends Arguments, O extends Options> = {
  readonly [Name in keyof A]: A[Name] extends { readonly optional: true } ? string | undefined : string;
} & { readonly [Name in keyof O]?: ValueOf<O[Name]> | undefined };

/** A call's input where the command's own types are not known. */
export type AnyInput = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

export type Command = Description & {
  readonly run: (input: AnyInput, terminal: Terminal) => Promise<void>;
};

/** A command's name and summary are in its group, so that a list of commands loads none of them. */
export type CommandEntry = { readonly summary: string; readonly load: () => Promise<Command> };

export type CommandGroup = {
  readonly summary: string;
  readonly details?: string;
  readonly commands: Readonly<Record<string, CommandEntry | CommandGroup>>;
  /** The command that is meant where a path stands in its place: `concord backfill ./unload`. */
  readonly takesPath?: string;
  /** Shown below the commands. */
  readonly notes?: string;
};

/** Gives `run` the types that follow from the description. */
export function defineCommand<
  const A extends Arguments = Record<never, never>,
  const O extends Options = Record<never, never>,
>(command: Description<A, O> & { readonly run: (input: Input<A, O>, terminal: Terminal) => Promise<void> }): Command {
  // parseInput makes exactly what the description says, which is what Input is derived from.
  return command as unknown as Command;
}
