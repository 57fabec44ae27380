import { setTimeout as wait } from "node:timers/promises";
import type { JobObjectName, JobStatus } from "#ops/archive-api.ts";
import type { Random } from "../../../samples/random.ts";
import { findStoredJob, type StoredJob } from "./disk.ts";
import type { KilledPlatform } from "./platform.ts";

/** A job of this test makes a step within this, even on a busy machine and behind a start. */
const STEP_WITHIN_MS = 60_000;

export type Kill = {
  /** Steps that the job had stored when the runtime was killed. */
  readonly steps: number;
  readonly stage: string | undefined;
  /** Whether a step was under way, and not a wait between two. */
  readonly isInStep: boolean;
};

export type Killing = {
  readonly kills: number;
  readonly random: Random;
  /** Each kill comes so many steps and milliseconds after the job went on, at most. */
  readonly atMost: { readonly steps: number; readonly ms: number };
  /** Stages that are hit when they are seen, so many milliseconds later at most, up to so many times. */
  readonly stages: Readonly<Record<string, { readonly ms: number; readonly times: number }>>;
};

/**
 * Kills the platform at drawn moments while a job runs, and starts it again on what is left of its stores; then lets the
 * job end. Where the job is it reads off the disk, so that a kill may come before the platform answers. It fails if the job
 * has ended before it was killed so often, in each of the stages, and in a step at least once.
 * @returns each kill, as the job's own storage shows it on the disk, and the job at its end
 */
export async function killWhile(
  platform: KilledPlatform,
  name: JobObjectName,
  { kills, random, atMost, stages }: Killing,
): Promise<{ readonly killed: Kill[]; readonly end: JobStatus }> {
  const killed: Kill[] = [];
  const left = new Map(Object.entries(stages));
  const isEnough = () =>
    killed.length >= kills &&
    killed.some(({ isInStep }) => isInStep) &&
    Object.entries(stages).every(([stage, { times }]) => left.get(stage)?.times !== times);
  for (let last = await storedJob(platform, name); !isEnough(); ) {
    const target = last.steps + random.int(0, atMost.steps);
    const hitBy = (job: StoredJob) => left.get(stageOf(job) ?? "");
    const goesOn = (job: StoredJob) => job.steps !== last.steps || job.deaths !== last.deaths;
    const job = await until(platform, name, (now) => goesOn(now) && (now.steps >= target || hitBy(now) !== undefined));
    const hit = hitBy(job);
    if (hit?.times === 1) left.delete(stageOf(job) ?? "");
    else if (hit) left.set(stageOf(job) ?? "", { ...hit, times: hit.times - 1 });
    await wait(random.int(0, hit?.ms ?? atMost.ms));
    await platform.kill();
    last = await storedJob(platform, name);
    if (last.state !== "running") {
      const so = `${last.state} at step ${last.steps} (${last.why}): ${JSON.stringify(killed)}`;
      throw new Error(`the job was to be killed ${kills} times, and after ${killed.length} it was ${so}`);
    }
    killed.push({ steps: last.steps, stage: stageOf(last), isInStep: last.deaths > 0 });
    await platform.start();
  }
  await until(platform, name, () => false);
  await platform.ready();
  return { killed, end: await platform.job(name) };
}

const stageOf = ({ progress: { phase, place, plan } }: StoredJob): string | undefined =>
  phase ?? place?.stage ?? plan?.[0];

async function storedJob(platform: KilledPlatform, name: JobObjectName): Promise<StoredJob> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const job = findStoredJob(platform.folder, name);
    if (job) return job;
    await wait(10);
  }
  throw new Error(`the object ${name} has stored no job that could be read`);
}

/** The job once it is so far, or does not run any more. */
async function until(
  platform: KilledPlatform,
  name: JobObjectName,
  isSoFar: (job: StoredJob) => boolean,
): Promise<StoredJob> {
  for (let [place, sinceMs] = ["", Date.now()]; ; ) {
    const job = await storedJob(platform, name);
    if (job.state !== "running" || isSoFar(job)) return job;
    const now = `${job.steps} ${job.deaths}`;
    if (now !== place) [place, sinceMs] = [now, Date.now()];
    if (Date.now() - sinceMs > STEP_WITHIN_MS) throw new Error(`the job stands still: ${JSON.stringify(job)}`);
    await wait(3);
  }
}
