import { COMMANDS } from "../../cli/commands/dlq/index.ts";
import type { DeskCommand } from "../../cli/desk/command.ts";
import { COLOURS, PLAIN } from "../../cli/desk/paint.ts";
import type { Terminal } from "../../cli/desk/terminal.ts";
import { exitOf } from "../../cli/exit-error.ts";

export type Sitting = {
  readonly url?: string;
  readonly env?: Terminal["env"];
  readonly isTty?: boolean;
  readonly width?: number;
  /** What is answered to each question; without it, nobody is there to be asked. */
  readonly answer?: string;
  /** Called at each wait, with how many there were before; Ctrl-C is `interrupt`. */
  readonly onSleep?: (count: number, interrupt: () => void) => void;
};

export type Ended = {
  readonly code: number;
  readonly out: string;
  /** Notes, and the error that it ended with. */
  readonly err: string;
  readonly questions: readonly string[];
  /** What was drawn of how far it was. */
  readonly drawn: string;
};

export const NOW_MS = Date.parse("2026-11-23T12:00:00.000Z");

/** Runs `concord dlq …` in this process, in a terminal that is made up, where waiting takes no time. */
export async function concordDlq(args: readonly string[], sitting: Sitting = {}): Promise<Ended> {
  const { url, env = {}, isTty = false, width = 160, answer, onSleep } = sitting;
  const out: string[] = [];
  const err: string[] = [];
  const questions: string[] = [];
  let drawn = "";
  let nowMs = NOW_MS;
  let sleeps = 0;
  let handler: (() => void) | undefined;
  const terminal: Terminal = {
    env: { ...(url !== undefined && { CONCORD_URL: url }), ...env },
    print: (line) => out.push(line),
    note: (line) => err.push(line),
    screen: { isTTY: isTty, columns: width, write: (text) => (drawn += text) },
    isTty,
    width,
    height: 24,
    paint: isTty ? COLOURS : PLAIN,
    ...(answer !== undefined && {
      ask: async (question: string) => {
        questions.push(question);
        return answer;
      },
    }),
    onInterrupt: (handle) => {
      handler = handle;
      return () => {
        handler = undefined;
      };
    },
    sleep: async (ms) => {
      nowMs += ms;
      onSleep?.(sleeps++, () => handler?.());
    },
    now: () => nowMs,
  };
  const [name = "", ...rest] = args;
  let code = 0;
  try {
    const command = await (COMMANDS as Readonly<Record<string, () => Promise<DeskCommand>>>)[name]?.();
    await command?.execute(rest, terminal);
  } catch (error) {
    const exit = exitOf(error as Error);
    code = exit.code;
    // A bug of ours has no message for people, and fails the test with its own.
    if (exit.message === undefined) throw error;
    err.push(exit.message);
  }
  return { code, out: out.join("\n"), err: err.join("\n"), questions, drawn };
}
