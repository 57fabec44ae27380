import * as z from "zod";
import { OpsAccess } from "#auth/ops-access.ts";
import { RegistersText } from "#auth/reader-settings.ts";
import { tokenVarsSchema, toTokenTrust } from "#auth/token-settings.ts";
import { configReader, Environment } from "#base/config.ts";
import type { Limiter } from "#base/rate-limit.ts";
import { type Registers, SEPARATE } from "#domain/party.ts";
import type { DeviceSnapshotSource } from "#domain/snapshot.ts";
import { jsonText } from "#json/json-of.ts";
import { DeadLetterRepository } from "#letters/repositories/dead-letter.ts";
import { LetterChangeRepository } from "#letters/repositories/letter-change.ts";
import { LetterGroupRepository } from "#letters/repositories/letter-group.ts";
import { LetterRetention } from "#letters/repositories/letter-retention.ts";
import { ReplayRunRepository } from "#letters/repositories/replay-run.ts";
import { listenTo } from "#objects/listen.ts";
import { BEFORE_MS, LATELY_MS } from "#ops/alert-rules.ts";
import type { ArchiveRpc } from "#ops/archive-service.ts";
import type { Parcel } from "#queue/parcel.ts";
import { AlertLogRepository } from "#repositories/alert-log.ts";
import { AuditRepository } from "#repositories/audit.ts";
import { readDatabaseBytes } from "#repositories/database-size.ts";
import { FillRepository } from "#repositories/fill.ts";
import { FleetRepository } from "#repositories/fleet.ts";
import { KnownCustomerRepository } from "#repositories/known-customer.ts";
import { RevocationRepository } from "#repositories/revocation.ts";
import { NO_COMMANDS, openServices, type Stores } from "#services/index.ts";
import { releaseName } from "#telemetry/release.ts";
import { revocationCheck } from "#telemetry/revocations.ts";
import type { MetricsNamespace, MetricsShard } from "#telemetry/shards.ts";
import { readAlertSettings } from "./alerts/settings.ts";
import type { WatchDeps } from "./alerts/watch.ts";
import { createMetrics } from "./metrics/metrics.ts";
import type { OpsDeps } from "./ops/deps.ts";
import type { ParkDeps } from "./park.ts";
import type { ReplayRun } from "./runs/replay-run.ts";

/** The bindings and variables of wrangler.toml. */
export type Env = {
  readonly ENVIRONMENT: string;
  /** As in the api Worker; without both, only Cloudflare Access lets anybody in. */
  readonly TOKEN_KEYS?: string;
  readonly TOKEN_SECRET?: string;
  readonly DB: D1Database;
  /** Requests without a good token, by address. */
  readonly FAILED_SIGN_INS: Limiter;
  readonly EVENTS: Queue<Parcel>;
  readonly SUSPECTS: Queue<Parcel>;
  readonly DEAD_LETTERS: Queue;
  /** The built files of console/. */
  readonly CONSOLE: Fetcher;
  /** `MetricsObject` of the metrics Worker. */
  readonly METRICS: MetricsNamespace<MetricsShard>;
  readonly RUNS: DurableObjectNamespace<ReplayRun>;
  /** `DeviceObject` of the devices Worker. */
  readonly DEVICES: DurableObjectNamespace;
  /** `ArchiveService` of the archive Worker. */
  readonly ARCHIVE_SERVICE?: ArchiveRpc;
  /** Webhooks that get alerts, and the hosts that they may be on; see `AlertSettings`. */
  readonly OPS_WEBHOOKS?: string;
  readonly OPS_WEBHOOK_HOSTS?: string;
  /** Cloudflare Access in front of the operations API, as JSON; see `OpsAccess`. */
  readonly OPS_ACCESS?: string;
  /** The same value as in the api Worker, so that a dealer has the same name here. */
  readonly SHARED_REGISTERS?: string;
  readonly VERSION?: WorkerVersionMetadata;
};

const varsIn = (env: Env) =>
  z.object({
    ENVIRONMENT: Environment,
    ...tokenVarsSchema(env, ["TOKEN_KEYS", "TOKEN_SECRET", "OPS_ACCESS"]),
    OPS_ACCESS: jsonText(OpsAccess).optional(),
    SHARED_REGISTERS: RegistersText.default(SEPARATE),
  });

export type Config = z.output<ReturnType<typeof varsIn>>;

/** The settings, or a problem for each bad variable, by its name. */
export const readConfig = configReader(varsIn);

export const createParkDeps = (env: Env): ParkDeps => ({
  letters: new DeadLetterRepository(env.DB),
  suspects: env.SUSPECTS,
  deadLetters: env.DEAD_LETTERS,
  metrics: createMetrics(env.METRICS),
  workerVersion: releaseName(env),
  random: Math.random,
});

/** Groups that one round of alerts reads: those with the newest failures. Ours. */
const WATCHED_GROUPS = 200;

export function createWatchDeps(env: Env): WatchDeps {
  const letters = new DeadLetterRepository(env.DB);
  const groups = new LetterGroupRepository(env.DB);
  const runs = new ReplayRunRepository(env.DB);
  return {
    alerts: new AlertLogRepository(env.DB),
    settings: readAlertSettings(env),
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

/** Devices that one minute takes into tables that a migration has made: 40 thousand. */
const FILL_STEPS = 20;

/** Fills tables that follow from the devices with those from before them: nothing, once all are in. */
export async function fillTables({ DB }: Env): Promise<void> {
  const fill = new FillRepository(DB);
  for (let step = 0; step < FILL_STEPS; step++) if (await fill.step()) return;
}

export const sweepRevocations = (env: Env, nowMs: number) => new RevocationRepository(env.DB).sweep(nowMs);

/** Operators may read every device; personal data is masked in the answers. */
const SCOPE = { role: "ops" } as const;

/** Reads D1 and the objects directly: through the api Worker, each call would cost another Worker and a D1 session. */
function createDeviceDeps(env: Env, registers: Registers): OpsDeps["devices"] {
  const stores: Stores = {
    db: env.DB,
    objectOf: (key) => env.DEVICES.getByName(key) as unknown as DeviceSnapshotSource,
    commands: NO_COMMANDS,
    archive: env.ARCHIVE_SERVICE,
    metrics: () => createMetrics(env.METRICS),
    registers,
  };
  return {
    open: (consistency) => openServices(stores, SCOPE, consistency),
    listen: (target, listener) =>
      listenTo(env.DEVICES.getByName(target.deviceKey), target, { scope: SCOPE, ...listener }),
  };
}

export const createOpsDeps = (env: Env, config: Config): OpsDeps => ({
  letters: new DeadLetterRepository(env.DB),
  changes: new LetterChangeRepository(env.DB),
  groups: new LetterGroupRepository(env.DB),
  runs: new ReplayRunRepository(env.DB),
  databaseBytes: () => readDatabaseBytes(env.DB),
  audit: new AuditRepository(env.DB),
  revocations: new RevocationRepository(env.DB),
  fleet: new FleetRepository(env.DB),
  events: env.EVENTS,
  metrics: createMetrics(env.METRICS),
  devices: createDeviceDeps(env, config.SHARED_REGISTERS),
  registers: config.SHARED_REGISTERS,
  runObject: (id) => env.RUNS.getByName(id),
  archive: env.ARCHIVE_SERVICE,
  knownCustomers: new KnownCustomerRepository(env.DB),
  workerVersion: releaseName(env),
  trust: { ...toTokenTrust(config), access: config.OPS_ACCESS, isRevoked: revocationCheck(env.DB) },
  failedSignIns: env.FAILED_SIGN_INS,
  now: Date.now,
});
