import { type RolloutDeps, SETTLE_MS } from "./deps.ts";

/** The platform answers, and not as it should. */
export class SmokeFailed extends Error {
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
