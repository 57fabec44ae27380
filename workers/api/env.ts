import * as z from "zod";
import { DeskAccess } from "../../src/shared/auth/desk-user.ts";
import { type ReaderSettings, type ReaderVars, readSettings } from "../../src/shared/auth/reader-settings.ts";
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

export type Config = { readonly reader: ReaderSettings; readonly desk: Doors };

export type ConfigReading =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly string[] };

const DeskVars = z.object({ DESK_ACCESS: jsonOf(DeskAccess).optional() });

/** What an isolate has read already: its settings stay the same for as long as it lives. */
const readings = new WeakMap<Env, ConfigReading>();

/** Reads the variables, and names every bad one at once; never their values. */
export function readConfig(env: Env): ConfigReading {
  const reading = readings.get(env) ?? parseConfig(env);
  readings.set(env, reading);
  return reading;
}

function parseConfig(env: Env): ConfigReading {
  const reader = readSettings(env);
  const desk = DeskVars.safeParse(env);
  if (reader.ok && desk.success) {
    const { settings } = reader;
    return {
      ok: true,
      config: {
        reader: settings,
        desk: {
          tokenSecret: settings.tokenSecret,
          access: desk.data.DESK_ACCESS,
          failedSignIns: env.FAILED_SIGN_INS,
        },
      },
    };
  }
  const problems = (desk.error?.issues ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`);
  return { ok: false, problems: [...(reader.ok ? [] : reader.problems), ...problems] };
}

/** The classes live in other Workers, so nothing but their names binds us to them, and the types are the contract. */
export const storesOf = ({ DB, DEVICES, INGEST_COMMANDS, METRICS, SHARED_REGISTERS = "" }: Env): Stores => ({
  registers: registersIn(SHARED_REGISTERS),
  db: DB,
  objectOf: (key) => DEVICES.getByName(key) as unknown as DeviceSnapshotSource,
  commands: INGEST_COMMANDS,
  metrics: () => metricsOver(METRICS),
});
