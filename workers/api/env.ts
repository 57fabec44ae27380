import { DeskAccess } from "../../src/shared/auth/desk-user.ts";
import {
  type ReaderSettings,
  type ReaderVars,
  readerSettingsOf,
  readerVarsIn,
} from "../../src/shared/auth/reader-settings.ts";
import { configReader } from "../../src/shared/config.ts";
import type { Doors } from "../../src/shared/desk/http/gate.ts";
import type { Commands } from "../../src/shared/domain/command.ts";
import { registersIn } from "../../src/shared/domain/party.ts";
import type { DeviceSnapshotSource } from "../../src/shared/domain/snapshot.ts";
import { jsonOf } from "../../src/shared/json/json-of.ts";
import type { Limiter } from "../../src/shared/rate-limit.ts";
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
  /** Requests of dealers' tokens, and those of everybody by address. */
  readonly REQUESTS: Limiter;
  readonly REQUESTS_BY_ADDRESS: Limiter;
  /** Requests without a good token, by address. */
  readonly FAILED_SIGN_INS: Limiter;
  /** Cloudflare Access in front of /ops, as JSON, and the same as the dlq Worker's; see `DeskAccess`. */
  readonly DESK_ACCESS?: string;
};

/** The settings, or every bad variable by name, those of the desk among them. */
export const readConfig = configReader((env: Env) =>
  readerVarsIn(env.ENVIRONMENT)
    .extend({ DESK_ACCESS: jsonOf(DeskAccess).optional() })
    .transform(({ DESK_ACCESS, ...vars }): Config => {
      const reader = readerSettingsOf(vars);
      const { tokenSecret } = reader;
      return { reader, desk: { tokenSecret, access: DESK_ACCESS, failedSignIns: env.FAILED_SIGN_INS } };
    }),
);

type Config = { readonly reader: ReaderSettings; readonly desk: Doors };

/** The classes live in other Workers, so nothing but their names binds us to them, and the types are the contract. */
export const storesOf = ({ DB, DEVICES, INGEST_COMMANDS, METRICS, SHARED_REGISTERS = "" }: Env): Stores => ({
  registers: registersIn(SHARED_REGISTERS),
  db: DB,
  objectOf: (key) => DEVICES.getByName(key) as unknown as DeviceSnapshotSource,
  commands: INGEST_COMMANDS,
  metrics: () => metricsOver(METRICS),
});
