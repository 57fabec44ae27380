import type { JobStatus } from "#ops/archive-api.ts";
import type { ArchiveRpc } from "#ops/archive-service.ts";
import { describeFault, log } from "#telemetry/log.ts";
import type { Sample } from "#telemetry/prometheus.ts";

/** `null` where there is no archive, or its Worker does not answer. */
export type JobsOfScrape = { readonly jobs: readonly JobStatus[] | null };

const STATES = ["running", "paused", "failed"] as const;

/** What metrics see of the jobs over the archive. */
export const JOB_GAUGES = [
  {
    name: "concord_archive_job_state",
    labels: ["job", "state"],
    help: "1 for the state of a job over the archive: running, paused (by an operator), failed.",
    samples: ({ jobs }: JobsOfScrape): Sample[] =>
      (jobs ?? []).flatMap(({ name, state }) =>
        STATES.map((each) => ({ labels: { job: name, state: each }, value: Number(each === state) })),
      ),
  },
  {
    name: "concord_archive_job_last_done_timestamp_seconds",
    labels: ["kind"],
    help: "When a job of the kind was last done.",
    samples: ({ jobs }: JobsOfScrape): Sample[] =>
      (jobs ?? [])
        .flatMap(({ lastDone }) => Object.entries(lastDone))
        .map(([kind, at]) => ({ labels: { kind }, value: Date.parse(at) / 1_000 })),
  },
] as const;

/** A scrape does not fail with the archive. */
export async function readJobsForScrape(archive: ArchiveRpc | undefined): Promise<readonly JobStatus[] | null> {
  try {
    return (await archive?.jobs()) ?? null;
  } catch (thrown) {
    log("warn", "operations.jobs_unread", describeFault(thrown));
    return null;
  }
}
