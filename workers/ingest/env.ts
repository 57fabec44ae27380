import * as z from "zod";
import { type Credential, Credentials, LOCAL_CREDENTIAL_HASH } from "#auth/credential.ts";
import { configReader, Environment } from "#base/config.ts";
import type { Limiter } from "#base/rate-limit.ts";
import { jsonText } from "#json/json-of.ts";
import { DeadLetterRepository } from "#letters/repositories/dead-letter.ts";
import { withoutForgottenRecords } from "#letters/repositories/forgotten-records.ts";
import type { HubSink } from "#objects/hub.ts";
import { ObjectWrites } from "#objects/object-writes.ts";
import type { DeviceSink, FeedSink } from "#objects/requests.ts";
import type { Lane } from "#queue/lane.ts";
import type { Parcel } from "#queue/parcel.ts";
import { FleetRepository } from "#repositories/fleet.ts";
import { withDeadline } from "#repositories/read-session.ts";
import { releaseName } from "#telemetry/release.ts";
import { reportMetrics } from "#telemetry/report.ts";
import type { MetricsNamespace } from "#telemetry/shards.ts";
import type { AcceptDeps } from "./accept.ts";
import { TokenSettings } from "./auth/token-settings.ts";
import type { CommandDeps } from "./commands.ts";
import type { ConsumeDeps } from "./consume.ts";
import { type Stream, streamSettled } from "./stream.ts";

/** The bindings of workers/ingest/wrangler.toml. No other file names one. */
export type Env = {
  readonly ENVIRONMENT: string;
  readonly DEVICE_OBJECT_WRITES?: string;
  readonly INGEST_CREDENTIALS: string;
  readonly INGEST_TOKENS?: string;
  readonly VERSION: WorkerVersionMetadata;
  readonly DB: D1Database;
  readonly EVENTS: Queue<Parcel>;
  readonly BACKFILL: Queue<Parcel>;
  /** `DeadLetterMessage`s, and bodies from the queue of events that are not parcels. */
  readonly DEAD_LETTERS: Queue<unknown>;
  /**
   * `DeviceObject`, `DealerFeed` and `LiveHub` of the devices Worker. Cloudflare's types of RPC turn what holds `unknown`
   * into `never`, so `objectCalls` casts a stub to its interface.
   */
  readonly DEVICES: DurableObjectNamespace;
  readonly DEALER_FEEDS: DurableObjectNamespace;
  readonly HUBS: DurableObjectNamespace;
  /** Counts requests, by credential. */
  readonly RATE_LIMIT: Limiter;
  /** Counts failed authentications, by address. */
  readonly FAILED_SIGN_INS: Limiter;
  readonly METRICS: MetricsNamespace;
  /** Where everything that is settled is kept. Optional: without it nothing is archived. */
  readonly ARCHIVE?: R2Bucket;
  /** A stream of analysts' tables. Optional. */
  readonly PIPELINE?: Stream;
};

const Vars = z
  .object({
    ENVIRONMENT: Environment,
    DEVICE_OBJECT_WRITES: ObjectWrites,
    INGEST_CREDENTIALS: jsonText(Credentials),
    INGEST_TOKENS: jsonText(TokenSettings).optional(),
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

/** The settings, or the problems of all bad variables; with those the Worker answers every request with 503. */
export const readConfig = configReader((_: Env) => Vars);

export const acceptDeps = (env: Env, lane: Lane): AcceptDeps => ({
  lane,
  events: lane === "live" ? env.EVENTS : env.BACKFILL,
  deadLetters: env.DEAD_LETTERS,
  parkDirectly: (letters) => new DeadLetterRepository(env.DB).park(letters),
  now: Date.now,
  workerVersion: releaseName(env),
});

type Waiting = Pick<ExecutionContext, "waitUntil">;

export const consumeDeps = (env: Env, ctx: Waiting): ConsumeDeps => ({
  ...consumeDepsOver(env, env.DB.withSession("first-primary"), ARCHIVE_DEADLINE_MS),
  stream: streamOf(env, ctx),
});

/** What analysts' stream gets is sent behind the batch. */
const streamOf = ({ PIPELINE }: Env, ctx: Waiting): ConsumeDeps["stream"] =>
  PIPELINE && ((endings) => ctx.waitUntil(streamSettled(PIPELINE, endings, Date.now())));

/** How long one write of the archive may take, whose batch waits. Our choice: far beyond what R2 takes when it works. */
const ARCHIVE_DEADLINE_MS = 10_000;

/** What the consumer asks of the devices Worker's objects. */
export const objectCalls = ({
  DEVICES,
  DEALER_FEEDS,
  HUBS,
}: Pick<Env, "DEVICES" | "DEALER_FEEDS" | "HUBS">): Pick<ConsumeDeps, "mergeIntoObject" | "announce" | "deliver"> => ({
  mergeIntoObject: (key, events, consistencyToken, receivedAtMs) =>
    (DEVICES.getByName(key) as unknown as DeviceSink).merge([...events], consistencyToken, true, receivedAtMs),
  announce: (dealerId, announcements, consistencyToken) =>
    (DEALER_FEEDS.getByName(dealerId) as unknown as FeedSink).announce([...announcements], consistencyToken, true),
  deliver: (hub, offers) => (HUBS.getByName(hub) as unknown as HubSink).deliver(offers),
});

const consumeDepsOver = (env: Env, session: D1DatabaseSession, archiveDeadlineMs: number): ConsumeDeps => ({
  fleet: new FleetRepository(session),
  objectWrites: ObjectWrites.parse(env.DEVICE_OBJECT_WRITES),
  ...objectCalls(env),
  keepable: (failed, nowMs) => withoutForgottenRecords(session, failed, nowMs),
  archive: env.ARCHIVE && { bucket: env.ARCHIVE, deadlineMs: archiveDeadlineMs },
  events: env.EVENTS,
  backfill: env.BACKFILL,
  deadLetters: env.DEAD_LETTERS,
  now: Date.now,
  random: Math.random,
  workerVersion: releaseName(env),
});

/** How long D1 or the archive may take for a command, whose caller waits. After that the record goes through the queue. Our choice. */
const COMMAND_DEADLINE_MS = 3_000;

/** The consumer's effects and those of a command, over one D1 session whose bookmark lets the caller read its own write. */
export function commandDeps(env: Env, ctx: Waiting): CommandDeps {
  const session = env.DB.withSession("first-primary");
  const deps = consumeDepsOver(env, session, COMMAND_DEADLINE_MS);
  return {
    ...deps,
    stream: streamOf(env, ctx),
    fleet: { merge: (events) => withDeadline(COMMAND_DEADLINE_MS, deps.fleet.merge(events)) },
    claimDesired: (order) => (env.DEVICES.getByName(order.deviceKey) as unknown as DeviceSink).claimDesired(order),
    bookmark: () => session.getBookmark(),
    newEventId: () => crypto.randomUUID(),
    report: (report) => ctx.waitUntil(reportMetrics(env, report)),
  };
}
