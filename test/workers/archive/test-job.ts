import { ArchiveJob } from "../../../workers/archive/jobs/archive-job.ts";
import { every, type JobKind, JobProblem } from "../../../workers/archive/jobs/job-kind.ts";
import type { RunnerDeps } from "../../../workers/archive/jobs/job-runner.ts";

/** Counts up to a number, an object of the bucket for each step. Params say what goes wrong at which step. */
export type CountingParams = {
  readonly to: number;
  readonly waitMs?: number;
  readonly outageAt?: number;
  readonly problemAt?: number;
  readonly faultAt?: number;
  readonly isOrderOnlyHere?: boolean;
};
type Counting = CountingParams & { readonly at: number };

/** Faults that happen once: by the name of what has happened. */
const happened = new Set<string>();
export const forgetFaults = (): void => happened.clear();

function once(name: string): boolean {
  if (happened.has(name)) return false;
  happened.add(name);
  return true;
}

/** Whether the second kind has a schedule too, of the first one's interval. */
export const scheduled = { forgetting: false };

/** Holds a step back while it is closed, so that a test can give orders in the middle of one. Objects share no promises. */
export const gate = { isClosed: false, isReached: false };

async function passGate(): Promise<void> {
  gate.isReached = true;
  while (gate.isClosed) await scheduler.wait(2);
}

const counting: JobKind<CountingParams, Counting> = {
  begin: async (params) => {
    if (!Number.isInteger(params.to)) throw new JobProblem("Nothing was started: `to` is no whole number.");
    return { ...params, at: 0 };
  },
  isOrderOnlyHere: ({ isOrderOnlyHere = false }) => isOrderOnlyHere,
  step: async (state, { bucket }) => {
    const { at, to, outageAt, problemAt, faultAt, waitMs } = state;
    if (at === outageAt && once("outage"))
      throw new Error("put: We encountered an internal error. Please try again. (10001)");
    if (at === problemAt && once("problem"))
      throw new JobProblem("The database is full. Nothing was lost; make room, then resume.");
    if (at === faultAt && once("fault")) throw new TypeError("undefined is not an object");
    await passGate();
    const before = await bucket.get(`count/${at}`);
    await bucket.put(`count/${at}`, String(Number((await before?.text()) ?? 0) + 1));
    return { state: { ...state, at: at + 1 }, isDone: at + 1 === to, ...(waitMs && { waitMs }) };
  },
  report: ({ at, to }) => ({ phase: `Counted to ${at}.`, done: at, total: to, unit: "steps", figures: {} }),
};

/** `ArchiveJob` with kinds of the tests. */
export class TestJob extends ArchiveJob {
  protected override readonly kinds: RunnerDeps["kinds"] = {
    compaction: { kind: counting, schedule: { paramsIfDue: every(60_000, { to: 2 }) } },
    forgetting: {
      kind: counting,
      schedule: { paramsIfDue: (...at) => (scheduled.forgetting ? every(60_000, { to: 1 })(...at) : undefined) },
    },
  };

  #isDue = false;

  /** The platform's alarms do nothing by themselves, so that a test can look at the job between two steps. */
  override async alarm(): Promise<void> {
    this.#isDue = true;
  }

  /** What its alarm does, without waiting for it. @returns whether a job runs, which is what an alarm is for */
  async fire(): Promise<boolean> {
    const { state } = await this.status();
    await super.alarm();
    return state === "running";
  }

  /** Whether its alarm is set or has come. */
  async isArmed(): Promise<boolean> {
    return this.#isDue || (await this.ctx.storage.getAlarm()) !== null;
  }

  /** Forgets its alarm, as the platform does after its retries have failed. */
  async loseAlarm(): Promise<void> {
    this.#isDue = false;
    await this.ctx.storage.deleteAlarm();
  }

  /** When its alarm is set for, in milliseconds from now. */
  async alarmInMs(): Promise<number | null> {
    const atMs = await this.ctx.storage.getAlarm();
    return atMs === null ? null : atMs - Date.now();
  }

  /** As if so many steps had ended with the object. */
  async die(times: number): Promise<void> {
    const run = this.ctx.storage.kv.get<{ deaths: number }>("job:run");
    if (run) this.ctx.storage.kv.put("job:run", { ...run, deaths: times });
  }

  /** As if the job had ended so long ago. */
  async age(ms: number): Promise<void> {
    const run = this.ctx.storage.kv.get<{ endedAtMs: number }>("job:run");
    if (run) this.ctx.storage.kv.put("job:run", { ...run, endedAtMs: run.endedAtMs - ms });
    const last = this.ctx.storage.kv.get<Record<string, { startedAtMs: number }>>("job:last") ?? {};
    const older = Object.entries(last).map(([kind, { startedAtMs, ...rest }]) => [
      kind,
      { ...rest, startedAtMs: startedAtMs - ms },
    ]);
    this.ctx.storage.kv.put("job:last", Object.fromEntries(older));
  }
}
