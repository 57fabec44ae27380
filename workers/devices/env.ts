import type { ReaderSettings, ReaderVars } from "#auth/reader-settings.ts";
import type { DeviceSnapshotSource } from "#domain/snapshot.ts";
import type { Operations } from "#objects/operations.ts";
import type { Parcel } from "#queue/parcel.ts";
import { NO_COMMANDS, type Stores } from "#services/index.ts";
import type { MetricsSink, MetricsSource } from "#telemetry/metrics.ts";
import { type MetricsNamespace, metricsOver } from "#telemetry/shards.ts";

/** The bindings and variables of wrangler.toml. */
export type Env = ReaderVars & {
  readonly DEVICE_OBJECT_WRITES?: string;
  readonly DB: D1Database;
  readonly EVENTS: Queue<Parcel>;
  /** `DeviceObject`, `DealerFeed` and `LiveHub`, of this very Worker. */
  readonly DEVICES: DurableObjectNamespace;
  readonly DEALER_FEEDS: DurableObjectNamespace;
  readonly HUBS: DurableObjectNamespace;
  readonly METRICS: MetricsNamespace<MetricsSink & MetricsSource>;
  /** `OperationsService` of the api Worker. While a rollout is under way it may be older than this one, or a placeholder. */
  readonly OPERATIONS: Operations;
  readonly RATE_LIMIT: RateLimit;
};

/** What subscriptions read from. */
export const storesFrom = (
  { DB, DEVICES, METRICS }: Env,
  { registers }: Pick<ReaderSettings, "registers">,
): Stores => ({
  registers,
  db: DB,
  objectOf: (key) => DEVICES.getByName(key) as unknown as DeviceSnapshotSource,
  // Subscriptions cannot run mutations.
  commands: NO_COMMANDS,
  metrics: () => metricsOver(METRICS),
});
