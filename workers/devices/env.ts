import type { ReaderVars } from "../../src/shared/auth/reader-settings.ts";
import type { Commands } from "../../src/shared/domain/command.ts";
import { registersIn } from "../../src/shared/domain/party.ts";
import type { DeviceSnapshotSource } from "../../src/shared/domain/snapshot.ts";
import type { Parcel } from "../../src/shared/queue/parcel.ts";
import type { Stores } from "../../src/shared/services/index.ts";
import type { MetricsSink, MetricsSource } from "../../src/shared/telemetry/metrics.ts";
import { type MetricsNamespace, metricsOver } from "../../src/shared/telemetry/shards.ts";

/** The bindings and variables of wrangler.toml. */
export type Env = ReaderVars & {
  readonly DEVICE_OBJECT_WRITES?: string;
  readonly DB: D1Database;
  readonly EVENTS: Queue<Parcel>;
  /** `DeviceObject` and `DealerFeed`, of this very Worker. */
  readonly DEVICES: DurableObjectNamespace;
  readonly DEALER_FEEDS: DurableObjectNamespace;
  readonly METRICS: MetricsNamespace<MetricsSink & MetricsSource>;
  readonly RATE_LIMIT: RateLimit;
};

/** Subscriptions change nothing. */
const NO_COMMANDS: Commands = {
  acknowledgeAlert: () => Promise.reject(new Error("an object takes no commands")),
  setDesired: () => Promise.reject(new Error("an object takes no commands")),
};

export const storesOf = ({ DB, DEVICES, METRICS, SHARED_REGISTERS = "" }: Env): Stores => ({
  registers: registersIn(SHARED_REGISTERS),
  db: DB,
  objectOf: (key) => DEVICES.getByName(key) as unknown as DeviceSnapshotSource,
  commands: NO_COMMANDS,
  metrics: () => metricsOver(METRICS),
});
