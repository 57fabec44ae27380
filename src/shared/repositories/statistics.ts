import { and, type SQL, sql } from "drizzle-orm";
import type { Scope } from "#auth/scope.ts";
import { isOpen, OPEN_ALERTS } from "./alert.ts";
import { type Counts, type FleetStatistics, KeptCounts, sumOf } from "./kept-counts.ts";
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
  readonly #kept: KeptCounts;

  constructor(handle: ReadHandle) {
    this.#reader = new TableReader(handle, devices);
    this.#kept = new KeptCounts(handle);
  }

  /** Of all devices in the scope, or of one dealer's; `null` while those from before the counts are being counted. */
  findFleet(scope: Scope, dealerId?: string | null): Promise<FleetStatistics | null> {
    return this.#kept.findFleet(scope, { dealerId });
  }

  /** For many dealers in one statement. Dealers without devices are left out. */
  async findByDealer(scope: Scope, dealerIds: readonly string[]): Promise<Map<string, DealerStatistics>> {
    const kept = await this.#kept.findByDealer(scope, dealerIds);
    return kept ? fromKept(kept) : this.#count(scope, dealerIds);
  }

  /** While devices are still being taken into the counts: reads each device and each open alert once. */
  async #count(scope: Scope, dealerIds: readonly string[]): Promise<Map<string, DealerStatistics>> {
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

function fromKept({ devices: counted, alerts: open }: Counts): Map<string, DealerStatistics> {
  const alertsOf = Map.groupBy(open, ({ dealerId }) => dealerId);
  const dealers = [...Map.groupBy(counted, ({ dealerId }) => dealerId)].map(([dealerId, its]) => {
    const having = (status: string) => sumOf(its.filter(({ word }) => word === status));
    const raised = alertsOf.get(dealerId) ?? [];
    const statistics: DealerStatistics = {
      devices: sumOf(its),
      ...{ online: having("ONLINE"), offline: having("OFFLINE"), retired: having("RETIRED") },
      openAlerts: sumOf(raised),
      criticalAlerts: sumOf(raised.filter(({ word }) => word === "critical")),
    };
    return [dealerId, statistics] as const;
  });
  // A count stays when nothing is left of it.
  return new Map(dealers.filter(([, { devices: has }]) => has > 0));
}

/** Each dealer once, or its devices would count twice. */
const fromDevices = (dealerIds: readonly string[]): SQL =>
  sql`${jsonEach([...new Set(dealerIds)])} AS ids CROSS JOIN ${devices} ON ${devices.dealerId} = ids.value`;

const visibleTo = (scope: Scope): SQL => DEVICES.visibleTo(scope) ?? sql`true`;
