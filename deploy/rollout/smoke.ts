import { UsageError } from "../run-command.ts";
import { targetFrom } from "../smoke/main.ts";
import { smokeTest } from "../smoke/smoke.ts";
import type { Smoke } from "./deps.ts";

/**
 * The smoke test of a front door, with what `npm run smoke` takes from the environment.
 * @throws UsageError if it has no credential or key, before anything is changed
 */
export function smokeThrough(url: URL): Smoke {
  try {
    const target = targetFrom(["--url", url.href], process.env);
    return (headers, onStep) => smokeTest({ ...target, headers: { ...target.headers, ...headers } }, onStep);
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new UsageError(`${reason} Or leave the smoke test out with --no-smoke: then nothing is put back by itself.`);
  }
}
