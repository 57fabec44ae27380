import * as z from "zod";
import { type ReaderSettings, type ReaderVars, readerVarsSchema, toReaderSettings } from "#auth/reader-settings.ts";
import { configReader } from "#base/config.ts";
import { Origins } from "#base/origins.ts";
import type { Limiter } from "#base/rate-limit.ts";
import type { Commands } from "#domain/command.ts";
import type { DeviceArchive } from "#domain/device-archive.ts";
import type { DeviceSnapshotSource } from "#domain/snapshot.ts";
import { LIMITS } from "#graphql/limits/limits.ts";
import type { Stores } from "#services/index.ts";
import type { MetricsSink, MetricsSource } from "#telemetry/metrics.ts";
import { type MetricsNamespace, metricsOver } from "#telemetry/shards.ts";

/** The bindings and variables of wrangler.toml. */
export type Env = ReaderVars & {
  /** Whether a browser that opens /graphql gets GraphiQL. If absent, locally only. */
  readonly SERVE_GRAPHIQL?: string;
  /** What a dealer's operations may cost in a minute; `0` for no limit. If absent, 60,000. */
  readonly DEALER_POINTS_A_MINUTE?: string;
  /** Origins whose pages may send requests with credentials: `https://app.example.com`. If absent, none. */
  readonly ALLOWED_ORIGINS?: string;
  readonly DB: D1Database;
  /** The files of GraphiQL. */
  readonly GRAPHIQL: Fetcher;
  /** `DeviceObject` of the devices Worker. */
  readonly DEVICES: DurableObjectNamespace;
  /** `DealerFeed` of the devices Worker. */
  readonly DEALER_FEEDS: DurableObjectNamespace;
  /** `LiveHub` of the devices Worker. */
  readonly HUBS: DurableObjectNamespace;
  /** `CallerBudget` of the devices Worker. */
  readonly BUDGETS: DurableObjectNamespace;
  /** `Tickets` of the devices Worker. */
  readonly TICKETS: DurableObjectNamespace;
  /** `CommandsService` of the ingest Worker. */
  readonly INGEST_COMMANDS: Commands;
  /** `ArchiveService` of the archive Worker, which answers for earlier times. */
  readonly ARCHIVE_SERVICE?: DeviceArchive;
  /** `MetricsObject` of the metrics Worker. */
  readonly METRICS: MetricsNamespace<MetricsSink & MetricsSource>;
  /** Requests by token, for dealers; and requests by address, for all callers. */
  readonly REQUESTS: Limiter;
  readonly REQUESTS_BY_ADDRESS: Limiter;
  /** Requests without a good token, by address. */
  readonly FAILED_SIGN_INS: Limiter;
};

/** A budget below the cost of one operation would refuse it for ever. */
const PointsText = z
  .string()
  .regex(/^\d{1,9}$/, "must be a whole number of points")
  .transform(Number)
  .refine((points) => points === 0 || points >= LIMITS.cost, `must be 0, or at least ${LIMITS.cost}`);

const apiVarsSchema = (vars: Env) =>
  readerVarsSchema(vars).extend({
    SERVE_GRAPHIQL: z.enum(["true", "false"]).default(vars.ENVIRONMENT === "local" ? "true" : "false"),
    ALLOWED_ORIGINS: Origins.default([]),
    DEALER_POINTS_A_MINUTE: PointsText.default(60_000),
  });

/** The settings of the readers, and those of this Worker alone. */
export const readApiSettings = configReader((vars: Env) =>
  apiVarsSchema(vars).transform((read) => ({
    ...toReaderSettings(read),
    servesGraphiQL: read.SERVE_GRAPHIQL === "true",
    allowedOrigins: read.ALLOWED_ORIGINS,
    dealerPointsAMinute: read.DEALER_POINTS_A_MINUTE,
  })),
);
export type ApiSettings = Extract<ReturnType<typeof readApiSettings>, { readonly ok: true }>["config"];

/** The stores of the services. The objects' classes are in other Workers; the types of `Stores` are the interface. */
export const storesFrom = (
  { DB, DEVICES, INGEST_COMMANDS, METRICS, ARCHIVE_SERVICE }: Env,
  { registers }: Pick<ReaderSettings, "registers">,
): Stores => ({
  registers,
  db: DB,
  objectOf: (key) => DEVICES.getByName(key) as unknown as DeviceSnapshotSource,
  commands: INGEST_COMMANDS,
  archive: ARCHIVE_SERVICE,
  metrics: () => metricsOver(METRICS),
});
