import {
  JOB_OBJECTS,
  type JobAction,
  type JobObjectName,
  type JobOrder,
  type JobOrdered,
  type JobStatus,
  OBJECT_OF,
} from "#ops/archive-api.ts";
import type { Env } from "../env.ts";

/** What runs in each object; `null` where the environment has no archive. */
export async function readJobs({ ARCHIVE, JOBS }: Env): Promise<readonly JobStatus[] | null> {
  if (!ARCHIVE) return null;
  return Promise.all(JOB_OBJECTS.map((name) => JOBS.getByName(name).status()));
}

export async function startJob({ ARCHIVE, JOBS }: Env, order: JobOrder): Promise<JobOrdered> {
  return ARCHIVE ? JOBS.getByName(OBJECT_OF[order.kind]).start(order) : { kind: "no_archive" };
}

export async function orderJob(
  { ARCHIVE, JOBS }: Env,
  name: JobObjectName,
  action: JobAction,
  actor: string,
): Promise<JobOrdered> {
  return ARCHIVE ? JOBS.getByName(name).order(action, actor) : { kind: "no_archive" };
}

/** Of the cron trigger: starts what is due, and wakes what runs. */
export async function tickJobs({ ARCHIVE, JOBS }: Env): Promise<readonly PromiseSettledResult<void>[]> {
  if (!ARCHIVE) return [];
  return Promise.allSettled(JOB_OBJECTS.map((name) => JOBS.getByName(name).tick()));
}
