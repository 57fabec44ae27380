import * as z from "zod";
import { DeskAccess } from "../../src/shared/auth/desk-user.ts";
import { tokenSecretIn } from "../../src/shared/auth/token-secret.ts";
import { configReader, Environment } from "../../src/shared/config.ts";
import { BEFORE_MS, LATELY_MS } from "../../src/shared/desk/alert-rules.ts";
import { jsonOf } from "../../src/shared/json/json-of.ts";
import type { Parcel } from "../../src/shared/queue/parcel.ts";
import type { Limiter } from "../../src/shared/rate-limit.ts";
import { AlertLogRepository } from "../../src/shared/repositories/alert-log.ts";
import { AuditRepository } from "../../src/shared/repositories/audit.ts";
import { DeadLetterRepository } from "../../src/shared/repositories/dead-letter.ts";
import { FleetRepository } from "../../src/shared/repositories/fleet.ts";
import { LetterChangeRepository } from "../../src/shared/repositories/letter-change.ts";
import { LetterGroupRepository } from "../../src/shared/repositories/letter-group.ts";
import { LetterRetention } from "../../src/shared/repositories/letter-retention.ts";
import { ReplayRunRepository } from "../../src/shared/repositories/replay-run.ts";
import { releaseOf } from "../../src/shared/telemetry/release.ts";
import { alertSettingsOf } from "./alerts/settings.ts";
import type { WatchDeps } from "./alerts/watch.ts";
import type { DeskDeps } from "./api/desk.ts";
import { metricsOf } from "./metrics/metrics.ts";
import type { MetricsObject } from "./metrics/metrics-object.ts";
import type { ParkDeps } from "./park.ts";
import type { ReplayRun } from "./runs/replay-run.ts";

/** The bindings and variables of wrangler.toml. */
export type Env = {
  readonly ENVIRONMENT: string;
  readonly TOKEN_SECRET: string;
  readonly DB: D1Database;
  /** Requests without a good token, by address. */
  readonly FAILED_SIGN_INS: Limiter;
  readonly EVENTS: Queue<Parcel>;
  readonly SUSPECTS: Queue<Parcel>;
  readonly DEAD_LETTERS: Queue;
  /** The built files of console/. */
  readonly CONSOLE: Fetcher;
  readonly METRICS: DurableObjectNamespace<MetricsObject>;
  readonly RUNS: DurableObjectNamespace<ReplayRun>;
  /** Where minutes that are over are written too, if anywhere. */
  readonly ANALYTICS?: AnalyticsEngineDataset;
  /** Webhooks to tell of trouble, and the hosts that they may be on; see `AlertSettings`. */
  readonly DESK_WEBHOOKS?: string;
  readonly DESK_WEBHOOK_HOSTS?: string;
  /** Cloudflare Access in front of the desk, as JSON; see `DeskAccess`. */
  readonly DESK_ACCESS?: string;
  readonly VERSION?: WorkerVersionMetadata;
};

const varsIn = (environment: string) =>
  z.object({
    ENVIRONMENT: Environment,
    TOKEN_SECRET: tokenSecretIn(environment),
    DESK_ACCESS: jsonOf(DeskAccess).optional(),
  });

export type Config = z.output<ReturnType<typeof varsIn>>;

/** The settings, or every bad variable by name. */
export const readConfig = configReader((env: Env) => varsIn(env.ENVIRONMENT));

export const parkDepsOf = (env: Env): ParkDeps => ({
  letters: new DeadLetterRepository(env.DB),
  suspects: env.SUSPECTS,
  deadLetters: env.DEAD_LETTERS,
  metrics: metricsOf(env.METRICS),
  workerVersion: releaseOf(env),
  random: Math.random,
});

/** Groups that one look at the desk takes in, those that failed last. */
const WATCHED_GROUPS = 200;

export function watchDepsOf(env: Env): WatchDeps {
  const letters = new DeadLetterRepository(env.DB);
  const groups = new LetterGroupRepository(env.DB);
  const runs = new ReplayRunRepository(env.DB);
  return {
    alerts: new AlertLogRepository(env.DB),
    settings: alertSettingsOf(env),
    stateOfGroup: async (id) => (await groups.find(id))?.state,
    observe: async (nowMs) => {
      const { lately, before, oldestWaitingMs } = await letters.arrivals(
        nowMs - LATELY_MS,
        nowMs - BEFORE_MS - LATELY_MS,
      );
      return {
        nowMs,
        groups: await groups.waiting(WATCHED_GROUPS),
        lettersLately: lately,
        lettersBefore: before,
        oldestWaitingMs,
        pausedRuns: await runs.inState("paused"),
      };
    },
    fetch: (url, init) => fetch(url, init),
    now: Date.now,
  };
}

export const sweepLetters = (env: Env, nowMs: number) => new LetterRetention(env.DB).sweep(nowMs);

export const deskDepsOf = (env: Env, { TOKEN_SECRET, DESK_ACCESS }: Config): DeskDeps => ({
  letters: new DeadLetterRepository(env.DB),
  changes: new LetterChangeRepository(env.DB),
  groups: new LetterGroupRepository(env.DB),
  runs: new ReplayRunRepository(env.DB),
  audit: new AuditRepository(env.DB),
  fleet: new FleetRepository(env.DB),
  events: env.EVENTS,
  metrics: metricsOf(env.METRICS),
  runObject: (id) => env.RUNS.getByName(id),
  workerVersion: releaseOf(env),
  tokenSecret: TOKEN_SECRET,
  access: DESK_ACCESS,
  failedSignIns: env.FAILED_SIGN_INS,
  now: Date.now,
});
