import { UsageError } from "../usage-error.ts";
import type { QuietTerminal } from "./output.ts";

/** Before anything is asked of the desk: where nobody can be asked, the answer has to be given beforehand. */
export function refuseUnasked({ ask }: QuietTerminal, yes: boolean | undefined, first: string): void {
  if (!yes && !ask) throw new UsageError(`nobody is there to be asked: say --yes, after ${first}`);
}

/** Anything but yes is a no. */
export async function agreed({ ask }: QuietTerminal, question: string): Promise<boolean> {
  return /^y(es)?$/i.test(((await ask?.(`${question} [y/N] `)) ?? "").trim());
}
