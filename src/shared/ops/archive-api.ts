/** Every kind of job over the archive. */
export const JOB_KINDS = ["compaction", "forgetting", "verification", "rebuild"] as const;
export type JobKindName = (typeof JOB_KINDS)[number];

/**
 * The objects in which jobs run, one job at a time each. Compaction and forgetting both write compacted files, so they
 * run in the same one, one after the other.
 */
export const JOB_OBJECTS = ["files", "verification", "rebuild"] as const;
export type JobObjectName = (typeof JOB_OBJECTS)[number];

export const OBJECT_OF: Readonly<Record<JobKindName, JobObjectName>> = {
  compaction: "files",
  forgetting: "files",
  verification: "verification",
  rebuild: "rebuild",
};

/** `idle`: nothing ever ran there. A `failed` job has kept its state, and can be resumed. */
export type JobState = "idle" | "running" | "paused" | "failed" | "done" | "canceled";

/** How far a job is. */
export type JobReport = {
  /** What it does, in a sentence. */
  readonly phase: string;
  /** So many of `unit`, such as `records`; `total` is null as long as it is not known. */
  readonly done: number;
  readonly total: number | null;
  readonly unit: string;
  /** Further counts, by what they count. */
  readonly figures: Readonly<Record<string, number>>;
  /** JSON that belongs to this kind alone, such as differences that were found. */
  readonly details?: unknown;
};

/** A job that failed. The schedule may have begun another in its place since. */
export type JobFailure = {
  /** ISO. */
  readonly at: string;
  /** Who had started it. */
  readonly actor: string;
  readonly why: string;
};

/** The job of one object: the one that runs, or else the last one. Times are ISO. */
export type JobStatus = {
  readonly name: JobObjectName;
  readonly kind: JobKindName | null;
  readonly state: JobState;
  /** Why it is paused, failed or canceled, or what a running one waits for. */
  readonly why: string | null;
  /** Who started it; `schedule` for those that start by themselves. */
  readonly actor: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** Steps that are done and stored. */
  readonly steps: number;
  readonly report: JobReport | null;
  /** When each kind was last done in this object. */
  readonly lastDone: Readonly<Partial<Record<JobKindName, string>>>;
  /** When each kind last failed in this object, also if one was done since. */
  readonly lastFailed: Readonly<Partial<Record<JobKindName, JobFailure>>>;
};

export type JobOrder = {
  readonly kind: JobKindName;
  /** JSON for the kind; it refuses what it does not know. */
  readonly params: unknown;
  readonly actor: string;
};

/** The result of an order to a job: the job after it, or why it was refused. */
export type JobOrdered =
  | { readonly kind: "ok"; readonly job: JobStatus }
  /** Another job runs there, or this one is in a state in which the order makes no sense. */
  | { readonly kind: "wrong_state"; readonly message: string }
  /** The kind refuses these parameters, or cannot begin as things are. */
  | { readonly kind: "refused"; readonly message: string }
  /** R2, D1 or an object does not answer. Nothing was started. */
  | { readonly kind: "unavailable"; readonly message: string }
  /** The environment has no archive. */
  | { readonly kind: "no_archive" };

export type JobAction = "pause" | "resume" | "cancel";

/** What other Workers call on `ArchiveService` of the archive Worker. */
export interface ArchiveJobs {
  /** All of them, also those in which nothing ever ran; `null` if the environment has no archive. */
  jobs(): Promise<readonly JobStatus[] | null>;
  startJob(order: JobOrder): Promise<JobOrdered>;
  orderJob(name: JobObjectName, action: JobAction, actor: string): Promise<JobOrdered>;
}

export const NO_ARCHIVE =
  "This environment has no archive: [archive] in its file of environments/ switches it on, and the next deployment binds it. Nothing was done.";
