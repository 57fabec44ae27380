import { wantsHelp } from "../local/options.ts";
import { CloudflareApiError } from "./cloudflare-api.ts";
import { EnvironmentError, environmentNames } from "./environment.ts";
import { LoginError } from "./login.ts";
import { SecretsError } from "./provision/secrets.ts";
import { RollbackError } from "./rollout/rollback.ts";
import { SmokeFailed } from "./rollout/smoke-step.ts";
import { WranglerError } from "./wrangler.ts";

/** How a command was called cannot work. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** @throws UsageError if `--env` names nothing */
export function named(environment: string | undefined): string {
  if (environment) return environment;
  throw new UsageError(`Say which environment: --env ${environmentNames().join(" or ")}.`);
}

/** What went wrong is known, and the message is for whoever ran the command. Anything else is a bug, with its stack. */
const EXPECTED = [
  CloudflareApiError,
  EnvironmentError,
  LoginError,
  RollbackError,
  SecretsError,
  SmokeFailed,
  WranglerError,
];

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
    if (isUsage) {
      console.error(`${thrown.message}\n\n${usage}`);
      process.exitCode = 2;
      return;
    }
    console.error(EXPECTED.some((kind) => thrown instanceof kind) ? thrown.message : thrown);
    process.exitCode = thrown instanceof EnvironmentError ? 2 : 1;
  }
}
