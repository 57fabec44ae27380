import { constants } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { type Paint, paintFor } from "./paint.ts";
import type { Screen } from "./progress.ts";

/** Everything a command does outside itself, except HTTP and files. */
export type Terminal = {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Prints a line of the result, to standard output. */
  readonly print: (line: string) => void;
  /** Prints a line about the result, to standard error. */
  readonly note: (line: string) => void;
  readonly screen: Screen;
  readonly isTty: boolean;
  readonly width: number;
  readonly height: number;
  readonly paint: Paint;
  /** Absent where there is no person to ask. */
  readonly ask?: (question: string) => Promise<string>;
  /** Handles the next Ctrl-C, which then does not end the process. @returns stops handling it */
  readonly onInterrupt: (handle: () => void) => () => void;
  /** Handles the next Ctrl-C or SIGTERM. A further one ends the process at once. @returns stops handling them */
  readonly onStop: (handle: (signal: StopSignal) => void) => () => void;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly now: () => number;
};

const STOP_SIGNALS = ["SIGINT", "SIGTERM"] as const;
export type StopSignal = (typeof STOP_SIGNALS)[number];

/** Columns of a line in a file or a pipe. */
const FILE_WIDTH = 160;

export function processTerminal(): Terminal {
  const { stdin, stdout, stderr, env } = process;
  return {
    env,
    print: (line) => console.log(line),
    note: (line) => console.error(line),
    screen: stderr,
    isTty: stdout.isTTY === true,
    width: stdout.columns || FILE_WIDTH,
    height: stdout.rows || 24,
    paint: paintFor(stdout, env),
    ...(stdin.isTTY && { ask }),
    onInterrupt: (handle) => {
      process.once("SIGINT", handle);
      return () => process.off("SIGINT", handle);
    },
    onStop,
    sleep: async (ms, signal) => void (await wait(ms, undefined, { signal }).catch(() => undefined)),
    now: Date.now,
  };
}

function onStop(handle: (signal: StopSignal) => void): () => void {
  let isFirst = true;
  const handleSignal = (signal: StopSignal) => {
    // Explicitly: the first process of a container has no default action for signals.
    if (!isFirst) process.exit(128 + constants.signals[signal]);
    isFirst = false;
    handle(signal);
  };
  for (const signal of STOP_SIGNALS) process.on(signal, handleSignal);
  return () => {
    for (const signal of STOP_SIGNALS) process.off(signal, handleSignal);
  };
}

async function ask(question: string): Promise<string> {
  const { createInterface } = await import("node:readline/promises");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // Ctrl-D and Ctrl-C count as a no.
  const closed = new Promise<string>((resolve) => terminal.once("close", () => resolve("")));
  const answer = await Promise.race([terminal.question(question).catch(() => ""), closed]);
  terminal.close();
  return answer;
}
