import { inspect, stripVTControlCharacters } from "node:util";
import { printable } from "./desk/printable.ts";
import { UsageError } from "./usage-error.ts";

/** What a script wants to tell apart. 2 is citty's and ours for a call that cannot work. */
export const EXIT = {
  /** The platform could not be reached, or failed. */
  fault: 1,
  usage: 2,
  /** Nothing was found, or nothing was selected. */
  nothing: 3,
  /** A run is paused, was canceled, or ended with failures. */
  failures: 4,
  /** The token may not do this. */
  forbidden: 5,
  /** Somebody was faster, or a contract refuses it: look again. */
  conflict: 6,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends the command with a code of its own, and with its message alone. */
export class ExitError extends Error {
  override readonly name = "ExitError";
  readonly code: ExitCode;

  constructor(code: ExitCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** How an error ends the process. One without a message is a bug of ours, and is shown with its stack. */
export function exitOf(error: Error): { readonly code: ExitCode; readonly message?: string } {
  if (error instanceof ExitError) return { code: error.code, message: plain(error.message) };
  if (error instanceof UsageError || error.name === "CLIError")
    return { code: EXIT.usage, message: plain(error.message) };
  // Files that are not there, not ours, or on a full disk: the system's own words name the file and what is wrong.
  const { code, path } = error as NodeJS.ErrnoException;
  if (code !== undefined && path !== undefined) return { code: EXIT.fault, message: plain(error.message) };
  return { code: EXIT.fault };
}

/** With its stack; its message may be what a record said. */
export const stackOf = (error: Error): string => plain(inspect(error));

function plain(text: string): string {
  return stripVTControlCharacters(text).split("\n").map(printable).join("\n");
}
