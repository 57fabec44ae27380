import { createInterface } from "node:readline/promises";
import { setTimeout as wait } from "node:timers/promises";
import { type Paint, paintFor } from "./paint.ts";
import type { Screen } from "./progress-line.ts";

/** All that a command of the desk has to do with the world, beside HTTP and files. */
export type Terminal = {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A line of the result. */
  readonly print: (line: string) => void;
  /** A line that is about it, and in nobody's pipe. */
  readonly note: (line: string) => void;
  readonly screen: Screen;
  readonly isTty: boolean;
  readonly width: number;
  readonly height: number;
  readonly paint: Paint;
  /** Absent where nobody is there to be asked. */
  readonly ask?: (question: string) => Promise<string>;
  /** Calls back at Ctrl-C, instead of what it does by itself. @returns how to stop that */
  readonly onInterrupt: (handle: () => void) => () => void;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly now: () => number;
};

/** Lines go to whoever reads them at their own width where that is no terminal. */
const WIDTH_OF_A_FILE = 160;

export function processTerminal(): Terminal {
  const { stdin, stdout, stderr, env } = process;
  return {
    env,
    print: (line) => console.log(line),
    note: (line) => console.error(line),
    screen: stderr,
    isTty: stdout.isTTY === true,
    width: stdout.columns || WIDTH_OF_A_FILE,
    height: stdout.rows || 24,
    paint: paintFor(stdout.isTTY === true, env.NO_COLOR),
    ...(stdin.isTTY && { ask }),
    onInterrupt: (handle) => {
      process.once("SIGINT", handle);
      return () => process.off("SIGINT", handle);
    },
    sleep: async (ms, signal) => void (await wait(ms, undefined, { signal }).catch(() => undefined)),
    now: Date.now,
  };
}

async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // Ctrl-D and Ctrl-C are a no.
  const closed = new Promise<string>((resolve) => terminal.once("close", () => resolve("")));
  const answer = await Promise.race([terminal.question(question).catch(() => ""), closed]);
  terminal.close();
  return answer;
}
