import { createInterface } from "node:readline/promises";

/** Asks on a terminal. Where there is none, as in CI, whoever started the run has decided. */
export async function confirmed(question: string, isYes: boolean): Promise<boolean> {
  if (isYes || !process.stdin.isTTY || !process.stdout.isTTY) return true;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
