import type { Changed, RolloutDeps } from "./deps.ts";
import { completed, releaseOf } from "./note.ts";
import { type Plan, titleOf, type WorkerPlan } from "./plan.ts";

/**
 * Gives the Workers of this run their former versions again, the last one first, and says what stays as it is now.
 * One that cannot be put back is said with the command for it, and the others are put back all the same.
 */
export async function putBack(
  { account, environment, say }: Pick<RolloutDeps, "account" | "environment" | "say">,
  plan: Plan,
  changed: readonly Changed[],
): Promise<void> {
  const stays: string[] = [];
  if (changed.length > 0) say("Put back:");
  for (const { plan: each, hasTriggers } of [...changed].reverse()) {
    const { worker, served, how } = each;
    const title = titleOf(worker);
    if (how === "first") {
      stays.push(`${title} stays: it was never deployed before. \`npx wrangler delete ${worker.name}\` removes it.`);
      continue;
    }
    if (how === "objects") {
      stays.push(
        `${title} stays at its new version: the platform puts no Worker back over a migration of its Durable Objects. Deploy the code of before in a new version.`,
      );
      continue;
    }
    if (!served || how === "finish") continue;
    const { id } = served.version;
    const release = releaseOf(served.origin) ?? "an earlier release";
    const message = served.isComplete && !hasTriggers ? completed(`${release}, put back`) : `${release}, put back`;
    try {
      await account.deployVersions(worker, environment.name, [{ version_id: id, percentage: 100 }], message);
      say(`  ${title}: ${release} (${id})`);
    } catch (thrown) {
      say(`  ${title}: NOT put back. ${thrown instanceof Error ? thrown.message : thrown}`);
      const command = `npx wrangler versions deploy ${id}@100 -y -c ${worker.config} --env ${environment.name}`;
      stays.push(`${title} may serve the new version. Put it back yourself: ${command}`);
    }
    if (hasTriggers) {
      stays.push(
        `${title}: routes, schedules and consumers may be those of ${plan.release}. \`npm run deploy\` from the commit of ${release} sets them back.`,
      );
    }
  }
  const files = [...new Set(plan.migrations.flatMap((each) => each.files))];
  if (files.length > 0) {
    stays.push(
      `Migrations that were applied stay (${files.join(", ")}): they only add, and the former Workers go on with them. The Time Travel command above undoes them, at the price of everything accepted since.`,
    );
  }
  if (stays.length > 0) say("\nWhat stays:");
  for (const line of stays) say(`  ${line}`);
  say("\nRun the same command again when the cause is gone: it goes on from here.");
}

/** What is said in place of putting back: whoever came in has found the Workers of this run, and may rely on them. */
export function leaveAsIs(
  { environment: { name }, say }: Pick<RolloutDeps, "environment" | "say">,
  workers: readonly WorkerPlan["worker"][],
): void {
  const changed =
    workers.length === 0 ? "this run changed no Worker" : `this run changed ${workers.map(titleOf).join(", ")}`;
  say(
    [
      `Nothing is put back, for somebody else deploys to ${name} at the same time; ${changed}.`,
      `When they are done, \`npm run deploy -- --env ${name} --dry-run\` shows what serves. The same command goes on from there, and \`npm run rollback -- --env ${name}\` goes back.`,
    ].join("\n"),
  );
}
