import { UsageError } from "../usage-error.ts";
import type { Terminal } from "./terminal.ts";

/** Before anything is asked of the desk: where nobody can be asked, the answer has to be given beforehand. */
export function refuseUnasked({ ask }: Terminal, yes: boolean | undefined, first: string): void {
  if (!yes && !ask) throw new UsageError(`nobody is there to be asked: say --yes, after ${first}`);
}

/** Anything but yes is a no. */
export async function agreed({ ask }: Terminal, question: string): Promise<boolean> {
  return /^y(es)?$/i.test(((await ask?.(`${question} [y/N] `)) ?? "").trim());
}
