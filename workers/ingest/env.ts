import * as z from "zod";
import { type Credential, Credentials, LOCAL_CREDENTIAL_HASH } from "../../src/shared/auth/credential.ts";
import { TokenIssuer } from "../../src/shared/auth/issuer.ts";
import { configReader, Environment } from "../../src/shared/config.ts";
import { jsonOf } from "../../src/shared/json/json-of.ts";
import { ObjectWrites } from "../../src/shared/live/object-writes.ts";
import type { DesiredClaim, DeviceSink, FeedSink } from "../../src/shared/objects.ts";
import type { Parcel } from "../../src/shared/queue/parcel.ts";
import type { Limiter } from "../../src/shared/rate-limit.ts";
import { DeadLetterRepository } from "../../src/shared/repositories/dead-letter.ts";
import { FleetRepository } from "../../src/shared/repositories/fleet.ts";
import { withDeadline } from "../../src/shared/repositories/read-session.ts";
import { releaseOf } from "../../src/shared/telemetry/release.ts";
import { reportMetrics } from "../../src/shared/telemetry/report.ts";
import type { MetricsNamespace } from "../../src/shared/telemetry/shards.ts";
import type { AcceptDeps } from "./accept.ts";
import type { CommandDeps } from "./commands.ts";
import type { ConsumeDeps } from "./consume.ts";

/** The bindings of workers/ingest/wrangler.toml. No other file names one. */
export type Env = {
  readonly ENVIRONMENT: string;
  readonly DEVICE_OBJECT_WRITES?: string;
  readonly INGEST_CREDENTIALS: string;
  readonly INGEST_TOKENS?: string;
  readonly VERSION: WorkerVersionMetadata;
  readonly DB: D1Database;
  readonly EVENTS: Queue<Parcel>;
  /** `DeadLetterMessage`s, and whatever else came out of the queue of events. */
  readonly DEAD_LETTERS: Queue<unknown>;
  /** `DeviceObject` and `DealerFeed` of the devices Worker. */
  readonly DEVICES: DurableObjectNamespace<DeviceSink & Rpc.DurableObjectBranded>;
  readonly DEALER_FEEDS: DurableObjectNamespace<FeedSink & Rpc.DurableObjectBranded>;
  /** Requests, by credential. */
  readonly RATE_LIMIT: Limiter;
  /** Wrong credentials, by address. */
  readonly FAILED_SIGN_INS: Limiter;
  readonly METRICS: MetricsNamespace;
};

const Vars = z
  .object({
    ENVIRONMENT: Environment,
    DEVICE_OBJECT_WRITES: ObjectWrites,
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

/** The settings, or every bad variable by name. A Worker with bad settings serves nothing. */
export const readConfig = configReader((_: Env) => Vars);

export const acceptDeps = (env: Env): AcceptDeps => ({
  events: env.EVENTS,
  deadLetters: env.DEAD_LETTERS,
  parkDirectly: (letters) => new DeadLetterRepository(env.DB).park(letters),
  now: Date.now,
  workerVersion: releaseOf(env),
});

export const consumeDeps = (env: Env): ConsumeDeps => consumeDepsOver(env, env.DB.withSession("first-primary"));

const consumeDepsOver = (env: Env, session: D1DatabaseSession): ConsumeDeps => ({
  fleet: new FleetRepository(session),
  objectWrites: ObjectWrites.parse(env.DEVICE_OBJECT_WRITES),
  mergeIntoObject: (key, events, consistencyToken) => env.DEVICES.getByName(key).merge([...events], consistencyToken),
  announce: (dealerId, announcements, consistencyToken) =>
    env.DEALER_FEEDS.getByName(dealerId).announce([...announcements], consistencyToken),
  events: env.EVENTS,
  deadLetters: env.DEAD_LETTERS,
  now: Date.now,
  random: Math.random,
  workerVersion: releaseOf(env),
});

/** How long D1 may take for a command, whose caller waits. Ours; beyond it the record goes through the queue. */
const COMMAND_DEADLINE_MS = 3_000;

/** What a command takes beside what the consumer does: a session whose bookmark lets its caller read what it wrote. */
export function commandDeps(env: Env, ctx: Pick<ExecutionContext, "waitUntil">): CommandDeps {
  const session = env.DB.withSession("first-primary");
  const deps = consumeDepsOver(env, session);
  return {
    ...deps,
    fleet: { merge: (events) => withDeadline(COMMAND_DEADLINE_MS, deps.fleet.merge(events)) },
    // The type of an RPC answer makes lists of the tuples that a record's headers are.
    claimDesired: async (order) => (await env.DEVICES.getByName(order.deviceKey).claimDesired(order)) as DesiredClaim,
    bookmark: () => session.getBookmark(),
    newEventId: () => crypto.randomUUID(),
    report: (report) => ctx.waitUntil(reportMetrics(env, report)),
  };
}
