import { dispatch } from "../../cli/dispatch.ts";
import { exitOf } from "../../cli/exit-error.ts";
import { COLOURS, PLAIN } from "../../cli/terminal/paint.ts";
import type { Terminal } from "../../cli/terminal/terminal.ts";

export type Surroundings = {
  readonly url?: string;
  readonly env?: Terminal["env"];
  readonly isTty?: boolean;
  readonly width?: number;
  /** The answer to each question; without it, there is no person to ask. */
  readonly answer?: string;
  /** Called at each wait, with the number of waits before it; `interrupt` is Ctrl-C. The wait ends when this has. */
  readonly onSleep?: (count: number, interrupt: () => void, ms: number) => unknown;
  /** Given the means to end a command that goes on until SIGTERM. */
  readonly stop?: (end: () => void) => void;
};

export type Ended = {
  readonly code: number;
  readonly out: string;
  /** Notes, and the message of the error that ended the command. */
  readonly err: string;
  readonly questions: readonly string[];
  /** The progress as it was drawn. */
  readonly drawn: string;
};

export const NOW_MS = Date.parse("2026-11-23T12:00:00.000Z");

/** Runs `concord dlq …` in this process. */
export const concordDlq = (args: readonly string[], surroundings?: Surroundings): Promise<Ended> =>
  concord(["dlq", ...args], surroundings);

/** Runs `concord …` in this process, in a fake terminal where waiting takes no time. */
export async function concord(args: readonly string[], surroundings: Surroundings = {}): Promise<Ended> {
  const { url, env = {}, isTty = false, width = 160, answer, stop, onSleep } = surroundings;
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
    onStop: (handle) => {
      stop?.(() => handle("SIGTERM"));
      return () => {};
    },
    sleep: async (ms) => {
      nowMs += ms;
      await onSleep?.(sleeps++, () => handler?.(), ms);
    },
    now: () => nowMs,
  };
  let code = 0;
  try {
    await dispatch(args, terminal);
  } catch (error) {
    const exit = exitOf(error as Error);
    code = exit.code;
    // A bug of ours has no message for people: the error itself fails the test.
    if (exit.message === undefined) throw error;
    err.push(exit.message);
  }
  return { code, out: out.join("\n"), err: err.join("\n"), questions, drawn };
}
