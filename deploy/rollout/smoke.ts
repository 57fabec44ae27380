import { CommandError, UsageError } from "../command/command-error.ts";
import { targetFrom } from "../smoke/options.ts";
import { smokeTest } from "../smoke/smoke.ts";
import { type RolloutDeps, SETTLE_MS, type Smoke } from "./deps.ts";

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

/** The platform answers, and not as it should. */
export class SmokeFailed extends CommandError {
  override readonly name = "SmokeFailed";
}

/**
 * Runs the smoke test, once the deployment before it is in use.
 * @throws SmokeFailed that names the steps that failed; what each found has been said
 */
export async function smokeAfter(
  { smoke, say, sleep }: Pick<RolloutDeps, "smoke" | "say" | "sleep">,
  what: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  if (!smoke) return;
  await sleep(SETTLE_MS);
  const startedMs = Date.now();
  const report = await smoke(headers, ({ name, ok, problem }) => {
    if (!ok) say(`  ✗ ${name}: ${problem ?? "failed"}`);
  });
  if (!report.ok) {
    const failed = report.steps.filter(({ ok }) => !ok).map(({ name }) => name);
    throw new SmokeFailed(`The smoke test failed after ${what}: ${failed.join(", ")}.`);
  }
  say(`  ✓ smoke test, ${report.steps.length} steps in ${((Date.now() - startedMs) / 1_000).toFixed(1)} s`);
}
