import type { JobStatus } from "#ops/archive-api.ts";
import { EXIT, ExitError } from "../exit-error.ts";
import { Progress } from "../terminal/progress.ts";
import type { OpsContext } from "./ops-command.ts";

const POLL_MS = 1_000;

/** Polls that may fail in a row: a job outlasts a deployment or a lost connection. */
const MAX_FAILURES = 30;

/**
 * Polls a job over the archive every second, and shows its progress, until it ends, fails or is paused. The job does not
 * depend on being watched.
 * @returns the job, or `null` after Ctrl-C
 * @throws ExitError when the platform does not answer for {@link MAX_FAILURES} polls
 */
export async function followJob(
  { client, terminal, isJson }: OpsContext,
  started: JobStatus,
): Promise<JobStatus | null> {
  const progress = new Progress(isJson ? undefined : terminal.screen, terminal.now);
  const interrupted = new AbortController();
  const stopListening = terminal.onInterrupt(() => interrupted.abort());
  let job = started;
  try {
    for (let failures = 0; job.state === "running"; ) {
      const { done = 0, total = null, unit = "", phase = "" } = job.report ?? {};
      progress.show(done, total, `${unit}  ${job.why ?? phase}`);
      await terminal.sleep(POLL_MS, interrupted.signal);
      if (interrupted.signal.aborted) break;
      try {
        job = await client.get<JobStatus>(`/archive/jobs/${encodeURIComponent(started.name)}`);
        failures = 0;
      } catch (error) {
        if (!(error instanceof ExitError) || error.code !== EXIT.fault) throw error;
        if (++failures < MAX_FAILURES) continue;
        throw new ExitError(EXIT.fault, `${error.message}\n${stillRunning(job)}`);
      }
    }
  } finally {
    progress.end();
    stopListening();
  }
  if (!interrupted.signal.aborted || job.state !== "running") return job;
  terminal.note(stillRunning(job));
  return null;
}

const stillRunning = ({ name, kind }: JobStatus): string =>
  `The ${kind} continues. To watch it: concord archive jobs ${name} --wait. To pause it: concord archive pause ${name}`;

/** @throws ExitError unless the job is done, or none ever ran */
export function requireDone({ name, kind, state, why }: JobStatus): void {
  if (state === "done" || state === "idle") return;
  const next =
    state === "paused" || state === "failed"
      ? `To go on: concord archive resume ${name}. To give it up: concord archive cancel ${name}`
      : "What it has done stays";
  const because = why ? `: ${why.replace(/\.$/, "")}` : "";
  const what = state === "failed" ? "has failed" : state === "canceled" ? "was canceled" : `is ${state}`;
  throw new ExitError(EXIT.failures, `the ${kind} ${what}${because}. ${next}`);
}
