import type { Account, Version } from "../account/account.ts";
import type { Say } from "../command/progress.ts";
import type { Environment } from "../environment.ts";
import type { Changed, RolloutDeps } from "./deps.ts";
import { completed, noteOf, noteText, releaseOf } from "./note.ts";
import { Overtaken, OwnTraffic } from "./own-traffic.ts";
import { type Plan, titleOf, type WorkerPlan } from "./plan.ts";
import { leaveAsIs, putBack } from "./put-back.ts";
import type { Served } from "./served.ts";
import { smokeAfter } from "./smoke.ts";

export type RolledOut = { readonly isDone: boolean };

class Interrupted extends Error {}

type Deps = RolloutDeps & { readonly traffic: OwnTraffic };

/**
 * Applies the migrations, uploads placeholders, and then rolls out each chosen Worker in its turn. Whatever fails stops the run and puts the
 * Workers back that this run changed, unless somebody else has deployed one of them since. It does not throw: what
 * happened has been said.
 */
export async function rollOut(given: RolloutDeps, plan: Plan): Promise<RolledOut> {
  const deps = { ...given, traffic: new OwnTraffic(given.account, plan.workers, given.sleep) };
  const changed: Changed[] = [];
  try {
    await migrate(deps, plan);
    for (const { of } of plan.placeholders) await standIn(deps, of, changed);
    for (const each of plan.chosen) {
      // A rollback, say, may have changed a Worker that is done, and leave the next one as it is.
      for (const done of changed) await deps.traffic.check(done.plan.worker);
      await rollOutWorker(deps, plan, each, changed);
    }
    return { isDone: true };
  } catch (thrown) {
    deps.say(`\n${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
    const workers = changed.map((each) => each.plan.worker);
    const isOvertaken = thrown instanceof Overtaken || (await deps.traffic.isOvertaken(workers));
    await (isOvertaken ? leaveAsIs(deps, workers) : putBack(deps, plan, changed));
    return { isDone: false };
  }
}

/** How many steps there will be, at most. */
export function countSteps({ migrations, chosen, placeholders }: Plan, { rollout: { steps } }: Environment): number {
  const ofWorker = ({ how, worker }: WorkerPlan) => {
    if (how === "gradual") return 1 + steps.length + (worker.hasTriggers ? 2 : 0);
    return 2;
  };
  const ofMigrations = migrations.reduce((sum, { database }) => sum + (database.isLive ? 2 : 1), 0);
  return ofMigrations + placeholders.length + chosen.reduce((sum, each) => sum + ofWorker(each), 0);
}

async function migrate(deps: RolloutDeps, { migrations }: Plan): Promise<void> {
  const { account, environment, progress, signal } = deps;
  for (const { database, files } of migrations) {
    stopIfInterrupted(signal);
    if (database.isLive) await rememberBookmark(deps, database.name);
    stopIfInterrupted(signal);
    // They only add (npm run generate:check): the Workers that are deployed now go on with the tables that they know.
    await progress.step(`migrations${database.isLive ? "" : ` of ${database.name}`}: ${files.join(", ")}`, () =>
      account.applyMigrations(database.name, database.owner, environment.name),
    );
  }
}

async function rememberBookmark({ account, progress, say }: RolloutDeps, name: string): Promise<void> {
  const bookmark = await progress.step(`bookmark of ${name}`, () => account.bookmark(name));
  say("  This puts the database back to this moment, for 30 days, and loses everything that is accepted from now on:");
  say(`  npx wrangler d1 time-travel restore ${name} --bookmark ${bookmark}`);
}

/** A Worker of that name which only says that it is not deployed yet. Its first deployment takes its place. */
async function standIn({ account, progress, signal, traffic }: Deps, plan: WorkerPlan, changed: Changed[]) {
  const { worker } = plan;
  stopIfInterrupted(signal);
  await traffic.check(worker);
  traffic.left(worker, undefined);
  changed.push({ plan, hasTriggers: false });
  const id = await progress.step(`${titleOf(worker)}: placeholder`, () => account.deployPlaceholder(worker));
  traffic.left(worker, [{ version_id: id, percentage: 100 }]);
}

async function rollOutWorker(deps: Deps, plan: Plan, each: WorkerPlan, changed: Changed[]): Promise<void> {
  stopIfInterrupted(deps.signal);
  switch (each.how) {
    case "unchanged":
      return;
    case "first":
    case "objects":
      return deployAtOnce(deps, plan, each, changed);
    case "gradual":
      return deployStepByStep(deps, plan, each, changed);
    case "finish":
      return finish(deps, plan, each, each.served?.version.id ?? "", changed);
  }
}

async function deployAtOnce(deps: Deps, plan: Plan, each: WorkerPlan, changed: Changed[]): Promise<void> {
  const { account, environment, progress, say } = deps;
  const { worker, content, served, how } = each;
  const label = {
    tag: plan.release,
    message: noteText({ content, after: how === "first" ? undefined : served && before(served) }),
  };
  const config = how === "first" ? await deps.firstConfig(each) : worker.config;
  await deps.traffic.check(worker);
  deps.traffic.left(worker, undefined);
  markChanged(changed, each);
  const about =
    how === "first" ? firstWords(config !== worker.config) : `at once, with migration ${worker.migrationTag}`;
  const { id, stdout } = await progress.step(`${titleOf(worker)}: ${about}`, () =>
    account.deployWorker(config, environment.name, label),
  );
  deps.traffic.left(worker, [{ version_id: id, percentage: 100 }]);
  sayTriggers(say, stdout);
  stopIfInterrupted(deps.signal);
  await markComplete(deps, plan, each, id);
  await smokeTest(deps, plan, each, {});
}

/** One that has had its placeholder from this run is in the list already. */
function markChanged(changed: Changed[], plan: WorkerPlan): void {
  const standing = changed.find((other) => other.plan === plan);
  if (standing) standing.hasTriggers = true;
  else changed.push({ plan, hasTriggers: true });
}

const firstWords = (isTransfer: boolean): string =>
  `first deployment${isTransfer ? ", with the counts of the dlq Worker" : ""}`;

async function deployStepByStep(deps: Deps, plan: Plan, each: WorkerPlan, changed: Changed[]): Promise<void> {
  const { account, environment, progress } = deps;
  const { worker, content, served } = each;
  if (!served) return;
  const former = served.version.id;
  const title = titleOf(worker);
  const id =
    (await findUploaded(account, plan, each)) ??
    (await progress.step(`${title}: upload`, () =>
      account.uploadVersion(worker, environment.name, {
        tag: plan.release,
        message: noteText({ content, after: before(served) }),
      }),
    ));
  const { steps, pause_seconds: pauseSeconds } = environment.rollout;
  const reached = served.rolling?.id === id ? served.rolling.percentage : 0;
  const left = steps.filter((step) => step >= reached);
  const entry: Changed = { plan: each, hasTriggers: false };
  for (const step of left) {
    stopIfInterrupted(deps.signal);
    const isLast = step === 100;
    const traffic = isLast
      ? [{ version_id: id, percentage: 100 }]
      : [
          { version_id: id, percentage: step },
          { version_id: former, percentage: 100 - step },
        ];
    const message = isLast && !worker.hasTriggers ? completed(plan.release) : `${plan.release}: ${step} %`;
    if (!changed.includes(entry)) changed.push(entry);
    await progress.step(`${title}: ${step} %`, () => deps.traffic.deploy(worker, environment.name, traffic, message));
    if (isLast && worker.hasTriggers) await finish(deps, plan, each, id, changed);
    else await smokeTest(deps, plan, each, isLast ? {} : overriding(worker.name, id));
    if (!isLast) await deps.sleep(pauseSeconds * 1_000);
  }
}

const before = ({ version, origin }: Served) => ({ id: version.id, origin: origin.id });

/** What a version does not carry: its address, routes, schedules, and the queues that it consumes. */
async function finish(deps: Deps, plan: Plan, each: WorkerPlan, id: string, changed: Changed[]): Promise<void> {
  const { account, environment, progress, say } = deps;
  const { worker } = each;
  const entry = changed.find((other) => other.plan === each);
  if (worker.hasTriggers) {
    stopIfInterrupted(deps.signal);
    await deps.traffic.check(worker);
    if (entry) entry.hasTriggers = true;
    const stdout = await progress.step(`${titleOf(worker)}: triggers`, () =>
      account.deployTriggers(worker, environment.name),
    );
    sayTriggers(say, stdout);
  }
  stopIfInterrupted(deps.signal);
  await markComplete(deps, plan, each, id);
  await smokeTest(deps, plan, each, {});
}

/** Without this mark the next run would do the rest of it again. */
const markComplete = (
  { traffic, environment, progress }: Deps,
  { release }: Plan,
  { worker }: WorkerPlan,
  id: string,
) =>
  progress.step(`${titleOf(worker)}: complete`, () =>
    traffic.deploy(worker, environment.name, [{ version_id: id, percentage: 100 }], completed(release)),
  );

/** A run that stopped may have uploaded it already. */
async function findUploaded(account: Account, { release }: Plan, { worker, content, served }: WorkerPlan) {
  const versions = await account.listVersions(worker);
  const isIt = (version: Version) => {
    const note = noteOf(version);
    return note?.content === content && releaseOf(version) === release && note.after?.id === served?.version.id;
  };
  return versions.find(isIt)?.id;
}

/** Sends the smoke test's requests to this version, whatever its share. It reaches neither queues nor calls between Workers. */
const overriding = (worker: string, version: string): Record<string, string> => ({
  "Cloudflare-Workers-Version-Overrides": `${worker}="${version}"`,
});

async function smokeTest(deps: RolloutDeps, plan: Plan, each: WorkerPlan, headers: Readonly<Record<string, string>>) {
  if (!isWhole(plan, each)) return;
  stopIfInterrupted(deps.signal);
  await smokeAfter(deps, titleOf(each.worker), headers);
}

/** Before every Worker is deployed for the first time, there is no platform to try. */
function isWhole({ workers, chosen }: Plan, each: WorkerPlan): boolean {
  const later = chosen.slice(chosen.indexOf(each) + 1);
  return workers.every((other) => other.how !== "first" || (chosen.includes(other) && !later.includes(other)));
}

function stopIfInterrupted(signal: AbortSignal): void {
  if (signal.aborted) throw new Interrupted("Interrupted.");
}

/** Addresses, schedules and queues, in wrangler's own words. */
function sayTriggers(say: Say, stdout: string): void {
  for (const line of stdout.split("\n")) if (/^ {2}\S|https:\/\//.test(line)) say(`  ${line.trim()}`);
}
