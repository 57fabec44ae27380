import * as z from "zod";
import { type Credential, Credentials, LOCAL_CREDENTIAL_HASH } from "../../src/shared/auth/credential.ts";
import { TokenIssuer } from "../../src/shared/auth/issuer.ts";
import type { DeviceKey } from "../../src/shared/domain/event.ts";
import { jsonOf } from "../../src/shared/json/json-of.ts";
import type { DeadLetterMessage } from "../../src/shared/queue/letter.ts";
import type { Parcel } from "../../src/shared/queue/parcel.ts";
import { DeadLetterRepository } from "../../src/shared/repositories/dead-letter.ts";
import { FleetRepository } from "../../src/shared/repositories/fleet.ts";
import { withDeadline } from "../../src/shared/repositories/read-session.ts";
import { faultOf, log } from "../../src/shared/telemetry/log.ts";
import { METRICS_OBJECT_NAME, type MetricsReport, type MetricsSink } from "../../src/shared/telemetry/metrics.ts";
import type { AcceptDeps } from "./accept.ts";
import type { CommandDeps } from "./commands.ts";
import type { ConsumeDeps } from "./consume.ts";
import type { DesiredClaim, DeviceObject } from "./device-object.ts";

/** The bindings of workers/ingest/wrangler.toml. No other file names one. */
export type Env = {
  readonly ENVIRONMENT: string;
  readonly INGEST_CREDENTIALS: string;
  readonly INGEST_TOKENS?: string;
  readonly VERSION: WorkerVersionMetadata;
  readonly DB: D1Database;
  readonly EVENTS: Queue<Parcel>;
  readonly DEAD_LETTERS: Queue<DeadLetterMessage>;
  readonly DEVICES: DurableObjectNamespace<DeviceObject>;
  readonly RATE_LIMIT: RateLimit;
  readonly METRICS: DurableObjectNamespace<MetricsSink & Rpc.DurableObjectBranded>;
};

const Vars = z
  .object({
    ENVIRONMENT: z.enum(["local", "staging", "production"]),
    INGEST_CREDENTIALS: jsonOf(Credentials),
    INGEST_TOKENS: jsonOf(TokenIssuer).optional(),
  })
  .refine(({ ENVIRONMENT, INGEST_CREDENTIALS: all }) => ENVIRONMENT === "local" || !all.some(isLocalCredential), {
    path: ["INGEST_CREDENTIALS"],
    message: "holds the local credentials; set the secret with `wrangler secret put INGEST_CREDENTIALS`",
  })
  .transform((vars) => ({
    environment: vars.ENVIRONMENT,
    credentials: vars.INGEST_CREDENTIALS,
    tokens: vars.INGEST_TOKENS,
  }));

export type Config = z.output<typeof Vars>;

const isLocalCredential = ({ hash }: Credential): boolean => hash === LOCAL_CREDENTIAL_HASH;

/** The settings, or every bad one by name. A Worker with bad settings serves nothing. */
export function readConfig(env: Env): { ok: true; config: Config } | { ok: false; message: string } {
  const parsed = Vars.safeParse(env);
  if (parsed.success) return { ok: true, config: parsed.data };
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  return { ok: false, message: `This Worker is not configured: ${problems.join("; ")}.` };
}

export const acceptDeps = (env: Env): AcceptDeps => ({
  events: env.EVENTS,
  deadLetters: env.DEAD_LETTERS,
  parkDirectly: (letters) => new DeadLetterRepository(env.DB).park(letters),
  now: Date.now,
  workerVersion: versionOf(env),
});

export const consumeDeps = (env: Env): ConsumeDeps => ({
  fleet: new FleetRepository(env.DB),
  mergeIntoObject: (key: DeviceKey, events) => env.DEVICES.getByName(key).merge([...events]),
  events: env.EVENTS,
  deadLetters: env.DEAD_LETTERS,
  now: Date.now,
  random: Math.random,
  workerVersion: versionOf(env),
});

/** How long D1 may take for a command, whose caller waits. Ours; beyond it the record goes through the queue. */
const COMMAND_DEADLINE_MS = 3_000;

/** What a command takes beside what the consumer does: a session whose bookmark lets its caller read what it wrote. */
export function commandDeps(env: Env, ctx: Pick<ExecutionContext, "waitUntil">): CommandDeps {
  const session = env.DB.withSession("first-primary");
  const fleet = new FleetRepository(session);
  return {
    ...consumeDeps(env),
    fleet: { merge: (events) => withDeadline(COMMAND_DEADLINE_MS, fleet.merge(events)) },
    // The type of an RPC answer makes lists of the tuples that a record's headers are.
    claimDesired: async (order) => (await env.DEVICES.getByName(order.deviceKey).claimDesired(order)) as DesiredClaim,
    bookmark: () => session.getBookmark(),
    newEventId: () => crypto.randomUUID(),
    report: (report) => ctx.waitUntil(reportMetrics(env, report)),
  };
}

/** Tells the metrics object, and only logs when it cannot be told: no record waits for a counter. */
export async function reportMetrics(env: Env, report: MetricsReport): Promise<void> {
  try {
    await env.METRICS.getByName(METRICS_OBJECT_NAME).report(report);
  } catch (thrown) {
    log("warn", "metrics.lost", faultOf(thrown));
  }
}

/** The deployed version, which every letter names. */
const versionOf = (env: Env): string => env.VERSION?.id || "local";
