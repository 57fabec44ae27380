import { printable, printableJson, printableLine } from "./printable.ts";
import type { Terminal } from "./terminal.ts";

/** A terminal without its standard output, which only `Output` writes to. */
export type QuietTerminal = Omit<Terminal, "print">;

export type Output = {
  /** A line for people. */
  readonly line: (line: string) => void;
  /** Lines for people that replace those drawn before. */
  readonly redraw: (lines: readonly string[]) => void;
  /** A line of JSON: unchanged into a file or a pipe; on a terminal the same JSON with escapes. */
  readonly json: (json: string) => void;
};

/** Everything that a command prints passes through here, so that no command can forget to make a record's text safe. */
export function outputOf({ print, note, ask, ...terminal }: Terminal): { terminal: QuietTerminal; output: Output } {
  const { paint, isTty } = terminal;
  const safe = (line: string) => printableLine(line, paint);
  return {
    terminal: {
      ...terminal,
      note: (line) => note(safe(line)),
      ...(ask && { ask: (question: string) => ask(printable(question)) }),
    },
    output: {
      line: (line) => print(safe(line)),
      redraw: (lines) => print(`\u001b[H${lines.map((line) => `${safe(line)}\u001b[K`).join("\n")}\u001b[J`),
      json: (json) => print(isTty ? printableJson(json) : json),
    },
  };
}
