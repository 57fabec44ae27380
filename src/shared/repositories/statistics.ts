import { and, type SQL, sql } from "drizzle-orm";
import type { Scope } from "../auth/scope.ts";
import { isOpen, OPEN_ALERTS, raisedInOwnInterval } from "./alert.ts";
import { eachOf, ofOwnDealer, type ReadHandle, Repository } from "./repository.ts";
import { alerts, devices } from "./tables.ts";

/** What a dealer's devices come to just now. Devices that are neither online nor offline nor retired have not reported yet. */
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

/** Counts over devices and their alerts, as a scope may see them. */
export class StatisticsRepository extends Repository<typeof devices> {
  constructor(handle: ReadHandle) {
    super(handle, devices);
  }

  /**
   * Of many dealers in two statements, which read each device and each open alert of theirs once. A dealer without
   * devices is left out.
   */
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
    return this.select(
      sql`SELECT ${devices.dealerId} AS dealerId, count(*) AS devices,
          ${having("ONLINE")} AS online, ${having("OFFLINE")} AS offline, ${having("RETIRED")} AS retired
        FROM ${devicesOf(dealerIds)} WHERE ${visibleTo(scope)} GROUP BY ${devices.dealerId}`,
    );
  }

  #countAlerts(scope: Scope, dealerIds: readonly string[]): Promise<Of<AlertCounts>[]> {
    const visible = and(visibleTo(scope), raisedInOwnInterval(scope));
    return this.select(
      sql`SELECT ${devices.dealerId} AS dealerId, count(*) AS openAlerts,
          sum(${alerts.severity} IS 'critical') AS criticalAlerts
        FROM ${devicesOf(dealerIds)}
          CROSS JOIN ${OPEN_ALERTS} ON ${alerts.deviceKey} = ${devices.key} AND ${isOpen}
        WHERE ${visible} GROUP BY ${devices.dealerId}`,
    );
  }
}

const devicesOf = (dealerIds: readonly string[]): SQL =>
  sql`${eachOf(dealerIds)} AS ids CROSS JOIN ${devices} ON ${devices.dealerId} = ids.value`;

const visibleTo = (scope: Scope): SQL => ofOwnDealer(scope, devices.dealerId) ?? sql`true`;
