import type { ObjectWrites } from "#objects/object-writes.ts";
import type { JobObjectName, JobReport } from "#ops/archive-api.ts";
import type { Parcel } from "#queue/parcel.ts";
import type { MetricsSink } from "#telemetry/metrics.ts";

/** The effects of jobs. */
export type JobDeps = {
  readonly bucket: R2Bucket;
  readonly db: D1Database;
  /** A second database for a rebuild, where the environment has one. */
  readonly rebuilt: D1Database | undefined;
  readonly objects: {
    readonly devices: DurableObjectNamespace;
    readonly feeds: DurableObjectNamespace;
    readonly hubs: DurableObjectNamespace;
  };
  readonly objectWrites: ObjectWrites;
  readonly events: Queue<Parcel>;
  readonly metrics: MetricsSink;
  /** The objects in which jobs run, this one among them. */
  readonly jobs: { readonly getByName: (name: JobObjectName) => NotesForgetting };
  /** The job object's own storage, for lists that are larger than a state. Keys that begin with `job:` are the runner's. */
  readonly storage: DurableObjectStorage;
  /** How long a consumer may still write that looks now. */
  readonly consumersEndAfterMs: number;
  readonly nowMs: number;
};

/** What was removed of the notes that a run has beside its state. */
export type NotesLeft = { readonly removed: number; readonly isEmpty: boolean };

/** What forgetting calls of an object in which other jobs run. */
export interface NotesForgetting {
  /**
   * Ends a run that began before somebody was noted as forgotten, since its notes may have that person's data, and removes
   * some of them. It waits for a step that is under way, so that nothing is noted afterwards. Safe to repeat.
   * @param notedAtMs when it was noted, in milliseconds since 1970
   */
  forget(notedAtMs: number): Promise<NotesLeft>;
}

export type JobStep<State> = {
  readonly state: State;
  readonly isDone: boolean;
  /** How long the next step waits, in milliseconds: 0 unless given. */
  readonly waitMs?: number;
};

/**
 * One kind of job. Its state is plain JSON of at most 1 MB. Every step runs in an invocation of its own, so that the
 * platform's limits on subrequests and CPU time are those of one step.
 */
export type JobKind<Params, State> = {
  /**
   * The state that the first step begins with. It may run again after a death, so what it writes has to be idempotent.
   * @param params JSON as an operator sent it, or as `schedule` gave it
   * @throws JobProblem for parameters that it does not know, or if it cannot begin as things are
   */
  readonly begin: (params: Params, deps: JobDeps) => Promise<State>;
  /**
   * One bounded step. The new state is stored after it; the Worker may die at any point, and the step is then repeated
   * from the state it began with.
   * @throws JobProblem if the job cannot go on until somebody does something; any error that is no outage ends it as failed
   */
  readonly step: (state: State, deps: JobDeps) => Promise<JobStep<State>>;
  /**
   * Whether what an operator has ordered is in this state and nowhere else. If the job fails, it then waits for the operator;
   * any other gives way to the schedule after an hour. Never unless given.
   */
  readonly isOrderOnlyHere?: (state: State) => boolean;
  /** What operators and metrics see. */
  readonly report: (state: State) => JobReport;
  /** Removes some of what a canceled run has noted beside its state; called again until nothing is left. Safe to repeat. */
  readonly leave?: (storage: Pick<DurableObjectStorage, "kv">) => NotesLeft;
  /**
   * Whether a run goes on although somebody was forgotten since it began: it looks up who was forgotten with every write,
   * and needs none of its notes. Without it, none does.
   */
  readonly outlivesForgetting?: (state: State) => boolean;
};

/** What prevents a job, in words for operators: what happened, what was kept, what to do. */
export class JobProblem extends Error {
  override readonly name = "JobProblem";
}

/** When a kind starts by itself: looked at each five minutes, while nothing runs in its object. */
export type JobSchedule = {
  /**
   * @param lastMs when one of the kind was last started, and last done; and when the last one was started that the schedule
   * began, and that was done or that an operator canceled: one that failed or gave way has not had its turn. `null` if never
   */
  readonly paramsIfDue: (
    nowMs: number,
    lastMs: { readonly started: number | null; readonly done: number | null; readonly scheduled: number | null },
  ) => unknown | undefined;
};

export type RegisteredKind = {
  // biome-ignore lint/suspicious/noExplicitAny: each kind has parameters and a state of its own, which only it reads
  readonly kind: JobKind<any, any>;
  readonly schedule?: JobSchedule;
};

/** For `schedule`: due when so much time has passed since the last start. */
export const every =
  (intervalMs: number, params: unknown = {}): JobSchedule["paramsIfDue"] =>
  (nowMs, { started }) =>
    started === null || nowMs - started >= intervalMs ? params : undefined;
