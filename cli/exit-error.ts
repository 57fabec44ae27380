import { inspect, stripVTControlCharacters } from "node:util";
import { UsageError } from "./command/usage-error.ts";
import { printable } from "./terminal/printable.ts";

/** Exit codes, for scripts. */
export const EXIT = {
  /** The platform could not be reached, or failed. */
  fault: 1,
  /** The call cannot work. */
  usage: 2,
  /** Nothing was found, or nothing was selected. */
  nothing: 3,
  /** A run is paused, was canceled, or ended with failures; two systems differ. */
  failures: 4,
  /** The token may not do this. */
  forbidden: 5,
  /** It changed in the meantime, a contract rejects it, or a file exists. */
  conflict: 6,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends the command with this code, and prints the message without a stack. */
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
  if (error instanceof UsageError) return { code: EXIT.usage, message: plain(error.message) };
  // A file that is missing, not readable, or on a full disk: the system's message names the file and the problem.
  const { code, path } = error as NodeJS.ErrnoException;
  if (code !== undefined && path !== undefined) return { code: EXIT.fault, message: plain(error.message) };
  return { code: EXIT.fault };
}

/** An error with its stack, safe to print: its message may quote a record. */
export const stackOf = (error: Error): string => plain(inspect(error));

function plain(text: string): string {
  return stripVTControlCharacters(text).split("\n").map(printable).join("\n");
}
