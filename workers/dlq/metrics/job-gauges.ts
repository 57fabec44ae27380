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
    labels: ["archive_job", "state"],
    help: "1 for the state of a job over the archive: running, paused (by an operator), failed.",
    samples: ({ jobs }: JobsOfScrape): Sample[] =>
      (jobs ?? []).flatMap(({ name, state }) =>
        STATES.map((each) => ({ labels: { archive_job: name, state: each }, value: Number(each === state) })),
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
  {
    name: "concord_archive_job_last_failed_timestamp_seconds",
    labels: ["kind"],
    help: "When a job of the kind last failed, also if one was done since; absent if none ever has.",
    samples: ({ jobs }: JobsOfScrape): Sample[] =>
      (jobs ?? [])
        .flatMap(({ lastFailed }) => Object.entries(lastFailed))
        .map(([kind, { at }]) => ({ labels: { kind }, value: Date.parse(at) / 1_000 })),
  },
  {
    name: "concord_archive_job_done",
    labels: ["kind", "unit"],
    help: "How far the job is that is or was last in each of the archive's objects, in its own unit: records, devices, days, stages.",
    samples: ({ jobs }: JobsOfScrape): Sample[] =>
      reported(jobs).map(({ kind, report: { done, unit } }) => ({ labels: { kind, unit }, value: done })),
  },
  {
    name: "concord_archive_job_expected",
    labels: ["kind", "unit"],
    help: "How many of them there are in all; absent as long as that is not known.",
    samples: ({ jobs }: JobsOfScrape): Sample[] =>
      reported(jobs).flatMap(({ kind, report: { total, unit } }) =>
        total === null ? [] : [{ labels: { kind, unit }, value: total }],
      ),
  },
  {
    name: "concord_archive_job_figure",
    labels: ["kind", "figure"],
    help: "Its further counts, by the words that `concord archive jobs` has for them.",
    samples: ({ jobs }: JobsOfScrape): Sample[] =>
      reported(jobs).flatMap(({ kind, report: { figures } }) =>
        Object.entries(figures).map(([figure, value]) => ({ labels: { kind, figure }, value })),
      ),
  },
] as const;

/** Jobs that say how far they are. */
const reported = (jobs: readonly JobStatus[] | null) =>
  (jobs ?? []).flatMap(({ kind, report }) => (kind !== null && report !== null ? [{ kind, report }] : []));

/** A scrape does not fail with the archive. */
export async function readJobsForScrape(archive: ArchiveRpc | undefined): Promise<readonly JobStatus[] | null> {
  try {
    return (await archive?.jobs()) ?? null;
  } catch (thrown) {
    log("warn", "operations.jobs_unread", describeFault(thrown));
    return null;
  }
}
