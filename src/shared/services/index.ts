import type { Scope } from "#auth/scope.ts";
import type { Commands } from "#domain/command.ts";
import type { DeviceArchive } from "#domain/device-archive.ts";
import type { DeviceKey } from "#domain/event.ts";
import type { Registers } from "#domain/party.ts";
import type { DeviceSnapshotSource } from "#domain/snapshot.ts";
import type { Consistency } from "#repositories/consistency.ts";
import { ReadSession } from "#repositories/read-session.ts";
import type { MetricsSource } from "#telemetry/metrics.ts";
import { Alerts } from "./alerts.ts";
import { Customers } from "./customers.ts";
import { Dealers } from "./dealers.ts";
import { Devices } from "./devices.ts";

/** What services read from, and where they send commands. */
export type Stores = {
  readonly db: Pick<D1Database, "withSession">;
  readonly objectOf: (key: DeviceKey) => DeviceSnapshotSource;
  readonly commands: Commands;
  readonly metrics: () => MetricsSource;
  /** What answers for earlier times; absent where the environment has no archive. */
  readonly archive?: DeviceArchive | undefined;
  /** Groups of sources whose ids mean the same dealers and customers. */
  readonly registers?: Registers | undefined;
};

/** For a Worker that only reads. */
export const NO_COMMANDS: Commands = {
  acknowledgeAlert: () => Promise.reject(new Error("commands are not taken here")),
  acknowledgeAlerts: () => Promise.reject(new Error("commands are not taken here")),
  setDesired: () => Promise.reject(new Error("commands are not taken here")),
};

/** Everything that can be read, as one caller may see it, over one session of D1. Commands are given for `subject`. */
export type Services = ReturnType<typeof openServices>;

export function openServices(
  { db, objectOf, commands, metrics, archive, registers }: Stores,
  scope: Scope,
  consistency: Consistency,
  subject: string | null = null,
) {
  const session = new ReadSession(db, { consistency });
  return {
    session,
    devices: new Devices({ scope, subject, session, objectOf, commands, archive }),
    alerts: new Alerts({ scope, subject, session, commands }),
    dealers: new Dealers({ scope, session, registers }),
    customers: new Customers({ scope, session, registers }),
    /** Of the whole platform, and without customer data. */
    metrics,
  };
}
