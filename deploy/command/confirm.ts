import { createInterface } from "node:readline/promises";

type Terminal = {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
};

/**
 * Asks whoever sits at the terminal, also if what is said goes into a file or to `tee`. Where nobody does, as in CI,
 * whoever started the run has decided.
 */
export async function confirmed(
  question: string,
  isYes: boolean,
  { input, output }: Terminal = {
    input: process.stdin,
    output: process.stdout.isTTY ? process.stdout : process.stderr,
  },
): Promise<boolean> {
  if (isYes || !input.isTTY) return true;
  const terminal = createInterface({ input, output });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
