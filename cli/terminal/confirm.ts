import { UsageError } from "../command/usage-error.ts";
import type { QuietTerminal } from "./output.ts";

/**
 * Called before the first request: without a terminal to ask at, the answer has to be in the call.
 * @param preview the command that shows what would happen
 * @throws UsageError
 */
export function requireAnswer({ ask }: QuietTerminal, yes: boolean | undefined, preview: string): void {
  if (!yes && !ask) throw new UsageError(`there is no terminal to ask at. Check with ${preview}, then add --yes`);
}

/** Asks, and takes anything but yes as a no. */
export async function confirm({ ask }: QuietTerminal, question: string): Promise<boolean> {
  return /^y(es)?$/i.test(((await ask?.(`${question} [y/N] `)) ?? "").trim());
}
