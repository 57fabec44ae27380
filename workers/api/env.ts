import type { ReaderVars } from "../../src/shared/auth/reader-settings.ts";
import type { Commands } from "../../src/shared/domain/command.ts";
import type { DeviceSnapshotSource } from "../../src/shared/domain/snapshot.ts";
import type { Stores } from "../../src/shared/services/index.ts";
import type { MetricsSink, MetricsSource } from "../../src/shared/telemetry/metrics.ts";
import { type MetricsNamespace, metricsOver } from "../../src/shared/telemetry/shards.ts";

/** The bindings and variables of wrangler.toml. */
export type Env = ReaderVars & {
  readonly DB: D1Database;
  /** `DeviceObject` of the devices Worker. */
  readonly DEVICES: DurableObjectNamespace;
  /** `DealerFeed` of the same. */
  readonly DEALER_FEEDS: DurableObjectNamespace;
  /** `CommandsService` of the ingest Worker. */
  readonly INGEST_COMMANDS: Commands;
  /** `MetricsObject` of the dlq Worker. */
  readonly METRICS: MetricsNamespace<MetricsSink & MetricsSource>;
};

/** The classes live in other Workers, so nothing but their names binds us to them, and the types are the contract. */
export const storesOf = ({ DB, DEVICES, INGEST_COMMANDS, METRICS }: Env): Stores => ({
  db: DB,
  objectOf: (key) => DEVICES.getByName(key) as unknown as DeviceSnapshotSource,
  commands: INGEST_COMMANDS,
  metrics: () => metricsOver(METRICS),
});
