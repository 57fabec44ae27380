import type { Account } from "../account/account.ts";
import type { Progress, Say } from "../command/progress.ts";
import type { Environment } from "../environment.ts";
import type { SmokeReport, SmokeStep } from "../smoke/smoke.ts";
import type { WorkerPlan } from "./plan.ts";

/** Through the front door, with these headers. */
export type Smoke = (
  headers: Readonly<Record<string, string>>,
  onStep: (step: SmokeStep) => void,
) => Promise<SmokeReport>;

/** All that a rollout does outside of itself. */
export type RolloutDeps = {
  readonly account: Account;
  readonly environment: Environment;
  readonly say: Say;
  readonly progress: Progress;
  /** Absent where the operator said so. */
  readonly smoke: Smoke | undefined;
  /** Ends early when the run is interrupted. */
  readonly sleep: (ms: number) => Promise<void>;
  /** Aborted by Ctrl-C: the call that is under way ends, and then the run stops as after a failure. */
  readonly signal: AbortSignal;
  /** The config of a Worker's first deployment, which may be another than its own. */
  readonly firstConfig: (plan: WorkerPlan) => Promise<string>;
};

/** A Worker that this run has changed, or was about to when it failed. */
export type Changed = { readonly plan: WorkerPlan; hasTriggers: boolean };

/** A deployment is in use everywhere after a couple of seconds, by Cloudflare's own word on version overrides. */
export const SETTLE_MS = 5_000;
