import { HOUR_MS, MINUTE_MS } from "#domain/time.ts";
import {
  type JobAction,
  type JobFailure,
  type JobKindName,
  type JobObjectName,
  type JobOrder,
  type JobOrdered,
  type JobState,
  type JobStatus,
  OBJECT_OF,
} from "#ops/archive-api.ts";
import { backoffSeconds } from "#queue/backoff.ts";
import { isOutage } from "#repositories/fault.ts";
import { logFault } from "#telemetry/fault.ts";
import { log } from "#telemetry/log.ts";
import { type JobDeps, JobProblem, type NotesLeft, type RegisteredKind } from "./job-kind.ts";

/** Who starts jobs that start by themselves. */
export const SCHEDULE = "schedule";

/** How long a job that failed is left as it is, for operators to resume, before the schedule begins another. Ours. */
const FAILED_RESTS_MS = HOUR_MS;

/** How often a step may take the object down before its job fails. Ours. */
const MAX_DEATHS = 8;

/** How far the clocks of two objects may be apart. Ours. */
const CLOCKS_MS = MINUTE_MS;

const NO_NOTES: NotesLeft = { removed: 0, isEmpty: true };

/** A job as it is stored, under one key, so that a step and its place are stored together. */
type Stored = {
  readonly id: string;
  readonly kind: JobKindName;
  readonly actor: string;
  readonly state: Exclude<JobState, "idle">;
  readonly why: string | null;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly steps: number;
  /** Times that the current step was begun and neither returned nor threw. */
  readonly deaths: number;
  /** Times in a row that the current step met an outage. */
  readonly outages: number;
  /** The kind's own. */
  readonly progress: unknown;
};

type Last = {
  readonly startedAtMs: number;
  readonly doneAtMs: number | null;
  /** Of the last one that had its turn by the schedule: when it was started. */
  readonly scheduledAtMs?: number;
  readonly failed?: JobFailure;
};
type LastTimes = Readonly<Partial<Record<JobKindName, Last>>>;

const RUN = "job:run";
const LAST = "job:last";

export type RunnerDeps = {
  readonly storage: DurableObjectStorage;
  readonly kinds: Readonly<Partial<Record<JobKindName, RegisteredKind>>>;
  /** `undefined` where the environment has no archive. */
  readonly jobDeps: () => JobDeps | undefined;
  readonly now: () => number;
  readonly random: () => number;
};

/**
 * Runs one job at a time, a step an alarm. After each step its state is stored; a step that ends with the object is
 * repeated from the state that it began with. An outage is waited for, as long as it lasts.
 */
export class JobRunner {
  readonly #name: JobObjectName;
  readonly #deps: RunnerDeps;
  /** The step that runs now: an order that replaces its job waits for it. */
  #stepping: Promise<void> | undefined;
  #isStarting = false;

  constructor(name: JobObjectName, deps: RunnerDeps) {
    this.#name = name;
    this.#deps = deps;
  }

  status(): JobStatus {
    const run = this.#run;
    const last = Object.entries(this.#last);
    const lastDone = last.flatMap(([kind, { doneAtMs }]) => (doneAtMs === null ? [] : [[kind, toIso(doneAtMs)]]));
    const lastFailed = last.flatMap(([kind, { failed }]) => (failed === undefined ? [] : [[kind, failed]]));
    return {
      name: this.#name,
      kind: run?.kind ?? null,
      state: run?.state ?? "idle",
      why: run?.why ?? null,
      actor: run?.actor ?? null,
      startedAt: run ? toIso(run.startedAtMs) : null,
      endedAt: run?.endedAtMs ? toIso(run.endedAtMs) : null,
      steps: run?.steps ?? 0,
      report: (run && this.#deps.kinds[run.kind]?.kind.report(run.progress)) ?? null,
      lastDone: Object.fromEntries(lastDone),
      lastFailed: Object.fromEntries(lastFailed),
    };
  }

  /** Begins a job, unless one runs that an operator has started. One that the schedule has started gives way to an operator. */
  async start({ kind, params, actor }: JobOrder): Promise<JobOrdered> {
    const registered = this.#deps.kinds[kind];
    if (!registered || OBJECT_OF[kind] !== this.#name) {
      return { kind: "refused", message: `Nothing was started: this release has no job ${kind}.` };
    }
    const jobDeps = this.#deps.jobDeps();
    if (!jobDeps) return { kind: "no_archive" };
    const current = this.#run;
    const isBusy = current?.state === "running" || current?.state === "paused";
    if (this.#isStarting || (isBusy && (actor === SCHEDULE || current.actor !== SCHEDULE))) {
      return {
        kind: "wrong_state",
        message: `Nothing was started: ${current && isBusy ? `the ${current.kind} that ${current.actor} started is ${current.state}` : "another job is being started"}. Wait for its end, or cancel it.`,
      };
    }
    this.#isStarting = true;
    try {
      if (current && isBusy) this.#put({ ...current, ...this.#ended("canceled"), why: `${actor} started ${kind}` });
      await this.#stepping;
      const progress = await registered.kind.begin(params, jobDeps);
      const startedAtMs = this.#deps.now();
      this.#go({
        ...{ id: crypto.randomUUID(), kind, actor, state: "running", why: null, progress },
        ...{ startedAtMs, endedAtMs: null, steps: 0, deaths: 0, outages: 0 },
      });
      this.#remember(kind, { startedAtMs });
      log("info", "job.started", { job: kind, actor });
      return { kind: "ok", job: this.status() };
    } catch (thrown) {
      // What was to give way goes on, from where its last step began.
      if (current && isBusy) current.state === "running" ? this.#go(current) : this.#put(current);
      if (thrown instanceof JobProblem) return { kind: "refused", message: thrown.message };
      if (!isOutage(thrown)) throw thrown;
      return { kind: "unavailable", message: `Nothing was started: ${describeOutage(thrown)}. Try again in a moment.` };
    } finally {
      this.#isStarting = false;
    }
  }

  order(action: JobAction, actor: string): JobOrdered {
    const run = this.#run;
    const from = FROM[action];
    if (!run || !from.includes(run.state)) {
      const what = run ? `the ${run.kind} is ${run.state}` : "no job was ever started here";
      return { kind: "wrong_state", message: `Nothing was changed: ${what}.` };
    }
    switch (action) {
      case "pause":
        this.#put({ ...run, state: "paused", why: `${actor} paused it` });
        break;
      case "resume":
        this.#go({ ...run, state: "running", why: null, endedAtMs: null, deaths: 0, outages: 0 });
        break;
      case "cancel":
        this.#put({ ...run, ...this.#ended("canceled"), why: `${actor} canceled it` });
        if (run.actor === SCHEDULE) this.#remember(run.kind, { scheduledAtMs: run.startedAtMs });
        this.#leave(run);
        break;
      default:
        action satisfies never;
    }
    log("info", `job.${action}`, { job: run.kind, actor });
    return { kind: "ok", job: this.status() };
  }

  /** See `NotesForgetting`. A run that began later has looked up who was forgotten, and stays as it is. */
  async forget(notedAtMs: number): Promise<NotesLeft> {
    const run = this.#run;
    // A job that is being started has no time yet: the next call looks at it.
    if (this.#isStarting) return { removed: 0, isEmpty: false };
    if (!run || run.startedAtMs > notedAtMs + CLOCKS_MS) return NO_NOTES;
    const isOver = run.state === "done" || run.state === "canceled";
    if (!isOver && !this.#deps.kinds[run.kind]?.kind.outlivesForgetting?.(run.progress)) {
      const again = run.actor === SCHEDULE ? "the schedule starts it again" : "start it again";
      const why = `a customer was forgotten, so what it had noted was removed; ${again}`;
      this.#put({ ...run, ...this.#ended("canceled"), why });
      log("info", "job.ended_by_forgetting", { job: run.kind, actor: run.actor });
    }
    await this.#stepping;
    return this.#run?.id === run.id ? this.#leave(run) : { removed: 0, isEmpty: false };
  }

  /** For the cron trigger: a job whose alarms have ended goes on, and a scheduled one that is due begins. */
  async tick(): Promise<void> {
    const run = this.#run;
    if (run?.state === "running") {
      if ((await this.#deps.storage.getAlarm()) === null && !this.#stepping) this.#alarmIn(0);
      return;
    }
    if (run?.state === "canceled") this.#leave(run);
    const nowMs = this.#deps.now();
    const isResting = run?.state === "failed" && nowMs - (run.endedAtMs ?? 0) < FAILED_RESTS_MS;
    if (run?.state === "paused" || isResting || this.#isOrderOnlyIn(run)) return;
    for (const [kind, registered] of this.#longestWaiting()) {
      const { startedAtMs = null, doneAtMs = null, scheduledAtMs = null } = this.#last[kind] ?? {};
      const times = { started: startedAtMs, done: doneAtMs, scheduled: scheduledAtMs };
      const params = registered.schedule?.paramsIfDue(nowMs, times);
      if (params === undefined) continue;
      const started = await this.start({ kind, params, actor: SCHEDULE });
      if (started.kind === "ok") return;
      log("warn", "job.not_started", { job: kind, reason: started.kind });
    }
  }

  /** The kinds of this object, those first whose last start is longest ago: one that always fails keeps no other waiting. */
  #longestWaiting(): (readonly [JobKindName, RegisteredKind])[] {
    const own = Object.entries(this.#deps.kinds) as [JobKindName, RegisteredKind][];
    const last = this.#last;
    return own
      .filter(([kind]) => OBJECT_OF[kind] === this.#name)
      .sort(([a], [b]) => (last[a]?.startedAtMs ?? 0) - (last[b]?.startedAtMs ?? 0));
  }

  /** Whether an operator's job failed before what was ordered is anywhere else: only the operator may give that up. */
  #isOrderOnlyIn(run: Stored | undefined): boolean {
    if (run?.state !== "failed" || run.actor === SCHEDULE) return false;
    return this.#deps.kinds[run.kind]?.kind.isOrderOnlyHere?.(run.progress) ?? false;
  }

  /** One step of the job that runs. */
  async alarm(): Promise<void> {
    const run = this.#run;
    if (!run || this.#isStarting || this.#stepping) return;
    if (run.state === "canceled") this.#leave(run);
    if (run.state !== "running") return;
    this.#stepping = this.#step(run);
    try {
      await this.#stepping;
    } finally {
      this.#stepping = undefined;
    }
  }

  async #step(run: Stored): Promise<void> {
    const kind = this.#deps.kinds[run.kind]?.kind;
    const jobDeps = this.#deps.jobDeps();
    if (!kind) return this.#fail(run, "This release has no such job. Its state was kept.");
    if (!jobDeps) return this.#fail(run, "The environment has no archive any more. Its state was kept.");
    if (run.deaths >= MAX_DEATHS) {
      return this.#fail(
        run,
        `Its next step has ended the object ${run.deaths} times without a result; the Worker's log says why. Its state was kept; resume it after a fix.`,
      );
    }
    this.#put({ ...run, deaths: run.deaths + 1 });
    try {
      const { state, isDone, waitMs = 0 } = await kind.step(run.progress, jobDeps);
      this.#settle(run, { ...run, steps: run.steps + 1, deaths: 0, outages: 0, progress: state }, isDone, waitMs);
    } catch (thrown) {
      this.#settleFault(run, thrown);
    }
  }

  /** Stores what a step has done, unless the job was canceled or replaced meanwhile. */
  #settle(before: Stored, after: Stored, isDone: boolean, waitMs: number): void {
    const now = this.#run;
    if (now?.id !== before.id) return;
    if (now.state === "canceled") {
      // In the middle of this step.
      this.#leave(now);
      return;
    }
    if (isDone) {
      const ended = this.#ended("done");
      this.#put({ ...after, ...ended, why: null });
      const turn = after.actor === SCHEDULE ? { scheduledAtMs: after.startedAtMs } : {};
      this.#remember(after.kind, { doneAtMs: ended.endedAtMs, ...turn });
      log("info", "job.done", { job: after.kind, steps: after.steps });
    } else if (now.state === "paused") this.#put({ ...after, state: "paused", why: now.why });
    else this.#go({ ...after, why: null }, waitMs);
  }

  #settleFault(run: Stored, thrown: unknown): void {
    const now = this.#run;
    if (now?.id !== run.id) return;
    if (now.state === "canceled") {
      this.#leave(now);
      return;
    }
    if (thrown instanceof JobProblem) {
      this.#fail(now, thrown.message);
      return;
    }
    if (!isOutage(thrown)) {
      const id = logFault("job.failed", thrown, { job: run.kind });
      this.#fail(now, `A step failed on our side (${id} in the log). Its state was kept; resume it after a fix.`);
      return;
    }
    const outages = run.outages + 1;
    const why = `${describeOutage(thrown)}; it continues by itself`;
    log("warn", "job.outage", { job: run.kind, outages, message: describeOutage(thrown) });
    const waiting = { ...now, deaths: 0, outages, why };
    if (now.state === "paused") this.#put({ ...waiting, why: now.why });
    else this.#go(waiting, backoffSeconds(outages, this.#deps.random()) * 1_000);
  }

  /** Removes some of what a run has noted, and the rest of a canceled one in alarms; nothing while it may still go on. */
  #leave(run: Stored): NotesLeft {
    if (this.#isStarting) return { removed: 0, isEmpty: false };
    const left = this.#deps.kinds[run.kind]?.kind.leave?.(this.#deps.storage) ?? NO_NOTES;
    if (!left.isEmpty && this.#run?.state === "canceled") this.#alarmIn(0);
    return left;
  }

  #fail(run: Stored, why: string): void {
    log("error", "job.ended_failed", { job: run.kind, actor: run.actor, steps: run.steps });
    const ended = this.#ended("failed");
    this.#put({ ...run, ...ended, deaths: 0, why });
    this.#remember(run.kind, { failed: { at: toIso(ended.endedAtMs), actor: run.actor, why } });
  }

  #ended<State extends JobState>(state: State) {
    return { state, endedAtMs: this.#deps.now() };
  }

  get #run(): Stored | undefined {
    return this.#deps.storage.kv.get<Stored>(RUN);
  }

  get #last(): LastTimes {
    return this.#deps.storage.kv.get<LastTimes>(LAST) ?? {};
  }

  #remember(kind: JobKindName, more: Partial<Last>): void {
    const last = { startedAtMs: 0, doneAtMs: null, ...this.#last[kind] };
    this.#deps.storage.kv.put(LAST, { ...this.#last, [kind]: { ...last, ...more } });
  }

  #put(run: Stored): void {
    this.#deps.storage.kv.put(RUN, run);
  }

  /** The state and the alarm are written together. */
  #go(run: Stored, waitMs = 0): void {
    this.#put(run);
    this.#alarmIn(waitMs);
  }

  #alarmIn(waitMs: number): void {
    void this.#deps.storage.setAlarm(this.#deps.now() + waitMs);
  }
}

const FROM: Readonly<Record<JobAction, readonly JobState[]>> = {
  pause: ["running"],
  resume: ["paused", "failed"],
  cancel: ["running", "paused", "failed"],
};

const describeOutage = (thrown: unknown): string =>
  `R2, D1 or an object does not answer (${thrown instanceof Error ? thrown.message.split("\n")[0]?.slice(0, 120) : "no error"})`;

const toIso = (ms: number): string => new Date(ms).toISOString();
