import { and, type SQL, sql } from "drizzle-orm";
import type { Scope } from "#auth/scope.ts";
import { isOpen, OPEN_ALERTS } from "./alert.ts";
import { jsonEach } from "./one-of.ts";
import { type ReadHandle, TableReader } from "./table-reader.ts";
import { alerts, devices } from "./tables.ts";
import { DEVICES, raisedInOwnInterval } from "./visibility.ts";

/** Current counts of a dealer's devices. Devices that are neither online, offline nor retired have not reported yet. */
export type DealerStatistics = {
  readonly devices: number;
  readonly online: number;
  readonly offline: number;
  readonly retired: number;
  readonly openAlerts: number;
  readonly criticalAlerts: number;
};

export const NO_DEVICES: DealerStatistics = {
  devices: 0,
  online: 0,
  offline: 0,
  retired: 0,
  openAlerts: 0,
  criticalAlerts: 0,
};

type DeviceCounts = Pick<DealerStatistics, "devices" | "online" | "offline" | "retired">;
type AlertCounts = Pick<DealerStatistics, "openAlerts" | "criticalAlerts">;
type Of<Counts> = Counts & { readonly dealerId: string };

/** Counts of devices and alerts within a scope. */
export class StatisticsRepository {
  readonly #reader: TableReader<typeof devices>;

  constructor(handle: ReadHandle) {
    this.#reader = new TableReader(handle, devices);
  }

  /** For many dealers in two statements, which read each device and each open alert once. Dealers without devices are left out. */
  async findByDealer(scope: Scope, dealerIds: readonly string[]): Promise<Map<string, DealerStatistics>> {
    const [deviceCounts, alertCounts] = await Promise.all([
      this.#countDevices(scope, dealerIds),
      this.#countAlerts(scope, dealerIds),
    ]);
    const alertsOf = new Map(alertCounts.map(({ dealerId, ...counts }) => [dealerId, counts]));
    return new Map(
      deviceCounts.map(({ dealerId, ...counts }) => [
        dealerId,
        { ...NO_DEVICES, ...counts, ...alertsOf.get(dealerId) },
      ]),
    );
  }

  #countDevices(scope: Scope, dealerIds: readonly string[]): Promise<Of<DeviceCounts>[]> {
    const having = (status: string) => sql`sum(${devices.status} = ${status})`;
    return this.#reader.select(
      sql`SELECT ${devices.dealerId} AS dealerId, count(*) AS devices,
          ${having("ONLINE")} AS online, ${having("OFFLINE")} AS offline, ${having("RETIRED")} AS retired
        FROM ${fromDevices(dealerIds)} WHERE ${visibleTo(scope)} GROUP BY ${devices.dealerId}`,
    );
  }

  #countAlerts(scope: Scope, dealerIds: readonly string[]): Promise<Of<AlertCounts>[]> {
    const visible = and(visibleTo(scope), raisedInOwnInterval(scope));
    return this.#reader.select(
      sql`SELECT ${devices.dealerId} AS dealerId, count(*) AS openAlerts,
          sum(${alerts.severity} IS 'critical') AS criticalAlerts
        FROM ${fromDevices(dealerIds)}
          CROSS JOIN ${OPEN_ALERTS} ON ${alerts.deviceKey} = ${devices.key} AND ${isOpen}
        WHERE ${visible} GROUP BY ${devices.dealerId}`,
    );
  }
}

/** Each dealer once, or its devices would count twice. */
const fromDevices = (dealerIds: readonly string[]): SQL =>
  sql`${jsonEach([...new Set(dealerIds)])} AS ids CROSS JOIN ${devices} ON ${devices.dealerId} = ids.value`;

const visibleTo = (scope: Scope): SQL => DEVICES.visibleTo(scope) ?? sql`true`;
