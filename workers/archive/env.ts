import type { ArchiveJob } from "./jobs/archive-job.ts";
import type { JobEnv } from "./jobs/job-deps.ts";

/** The bindings and variables of wrangler.toml. */
export type Env = Omit<JobEnv, "JOBS"> & {
  /** `ArchiveJob` of this Worker. */
  readonly JOBS: DurableObjectNamespace<ArchiveJob>;
  readonly VERSION?: WorkerVersionMetadata;
};
