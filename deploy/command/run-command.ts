import { wantsHelp } from "../../local/options.ts";
import { environmentNames } from "../environment.ts";
import { CommandError, UsageError } from "./command-error.ts";

/** @throws UsageError if `--env` names nothing */
export function named(environment: string | undefined): string {
  if (environment) return environment;
  throw new UsageError(`Say which environment: --env ${environmentNames().join(" or ")}.`);
}

/** Runs a command, or says how it is called, and sets the exit code: 0 is done, 1 failed, 2 was called wrongly. */
export async function runCommand(usage: string, act: () => Promise<number>): Promise<void> {
  if (wantsHelp()) {
    console.log(usage);
    return;
  }
  try {
    process.exitCode = await act();
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown;
    const isUsage =
      thrown instanceof UsageError || (thrown as NodeJS.ErrnoException).code?.startsWith("ERR_PARSE_ARGS");
    const isExpected = isUsage || thrown instanceof CommandError;
    console.error(isExpected ? thrown.message : thrown);
    if (isUsage) console.error(`\n${usage}`);
    process.exitCode = isUsage ? 2 : thrown instanceof CommandError ? thrown.exitCode : 1;
  }
}
