import { DurableObject } from "cloudflare:workers";
import type { JobAction, JobObjectName, JobOrder, JobOrdered, JobStatus } from "#ops/archive-api.ts";
import type { VerificationFigures, VerificationJson, VerificationQuery } from "#ops/archive-verification.ts";
import { type JobEnv, toJobDeps } from "./job-deps.ts";
import type { NotesForgetting, NotesLeft } from "./job-kind.ts";
import { JobRunner, type RunnerDeps } from "./job-runner.ts";
import { KINDS } from "./kinds.ts";
import { readFigures, readResults } from "./verification/results.ts";

/** The object of one name of `JOB_OBJECTS`: its job runs here, step by step, in alarms. */
export class ArchiveJob extends DurableObject<JobEnv> implements NotesForgetting {
  /** Replaced by tests of the runner, which have kinds of their own. */
  protected readonly kinds: RunnerDeps["kinds"] = KINDS;
  #runner: JobRunner | undefined;

  async status(): Promise<JobStatus> {
    return this.#job.status();
  }

  start(order: JobOrder): Promise<JobOrdered> {
    return this.#job.start(order);
  }

  async order(action: JobAction, actor: string): Promise<JobOrdered> {
    return this.#job.order(action, actor);
  }

  forget(notedAtMs: number): Promise<NotesLeft> {
    return this.#job.forget(notedAtMs);
  }

  tick(): Promise<void> {
    return this.#job.tick();
  }

  /** What verification found, in the object that it runs in. */
  verification(query: VerificationQuery): Promise<VerificationJson> {
    return readResults(this.ctx.storage, query);
  }

  verificationFigures(): Promise<VerificationFigures> {
    return readFigures(this.ctx.storage, Date.now());
  }

  override alarm(): Promise<void> {
    return this.#job.alarm();
  }

  get #job(): JobRunner {
    this.#runner ??= new JobRunner(this.ctx.id.name as JobObjectName, {
      storage: this.ctx.storage,
      kinds: this.kinds,
      jobDeps: () => toJobDeps(this.env, this.ctx.storage),
      now: Date.now,
      random: Math.random,
    });
    return this.#runner;
  }
}
