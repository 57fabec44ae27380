import { and, type SQL, sql } from "drizzle-orm";
import type { Scope } from "#auth/scope.ts";
import { SEVERITIES, type Severity } from "#domain/change.ts";
import { DEVICE_STATUSES, type DeviceStatus } from "#domain/device.ts";
import { SOURCES, type Source } from "#domain/event.ts";
import { isOneOf, jsonEach, valuesOf } from "./one-of.ts";
import { isOwnDealer } from "./scoped-table.ts";
import { type ReadHandle, TableReader } from "./table-reader.ts";
import { deviceCounts, openAlertCounts } from "./tables.ts";

/** The conditions on devices that the counts can answer; a filter may have others, and then they cannot. */
type Filter = {
  readonly status?: DeviceStatus | null | undefined;
  readonly statuses?: readonly DeviceStatus[] | null | undefined;
  readonly source?: Source | null | undefined;
  readonly sources?: readonly Source[] | null | undefined;
  readonly dealerId?: string | null | undefined;
  readonly unassigned?: boolean | null | undefined;
};

/** Devices of one dealer, source and status, and open alerts of one dealer, source and severity. */
export type Counts = {
  readonly devices: readonly {
    readonly dealerId: string;
    readonly source: Source;
    readonly word: DeviceStatus;
    readonly n: number;
  }[];
  readonly alerts: readonly {
    readonly dealerId: string;
    readonly source: Source;
    readonly word: Severity | "";
    readonly n: number;
  }[];
};

/** Current counts of the devices and open alerts in a scope. */
export type FleetStatistics = {
  readonly devices: number;
  /** Devices that nobody has. A dealer sees none of them. */
  readonly unassigned: number;
  /** Each status once. */
  readonly byStatus: readonly { readonly status: DeviceStatus; readonly devices: number }[];
  /** Each source once. */
  readonly bySource: readonly { readonly source: Source; readonly devices: number; readonly openAlerts: number }[];
  /** Neither acknowledged nor cleared; to a dealer, those that were raised while it had the device. */
  readonly openAlerts: number;
  /** Each severity once, and at the end `null` for alerts whose raise has not arrived, if there are any. */
  readonly openAlertsBySeverity: readonly { readonly severity: Severity | null; readonly alerts: number }[];
};

/**
 * The counts that triggers keep: of devices by dealer, source and status, and of open alerts. To read them costs a few rows
 * a dealer, however many devices there are. `null` while devices from before the migration are still being counted.
 */
export class KeptCounts {
  readonly #reader: TableReader<typeof deviceCounts>;

  constructor(handle: ReadHandle) {
    this.#reader = new TableReader(handle, deviceCounts);
  }

  /** The number of devices that match. @param filter which `isKept` */
  async countDevices(scope: Scope, filter: Filter): Promise<number | null> {
    const [row] = await this.#reader.select<{ n: number; isFilled: number }>(
      sql`SELECT ifnull(sum(${deviceCounts.devices}), 0) AS n, ${IS_FILLED} AS isFilled
        FROM ${deviceCounts} WHERE ${matching(scope, filter) ?? sql`true`}`,
    );
    return row?.isFilled ? row.n : null;
  }

  /** The number of devices of each dealer that match; dealers without any may be left out. @param filter which `isKept` */
  async countByDealer(scope: Scope, dealerIds: readonly string[], filter: Filter): Promise<Map<string, number> | null> {
    const rows = await this.#reader.select<{ id: string | null; n: number }>(
      sql`SELECT NULL AS id, ${IS_FILLED} AS n UNION ALL
        SELECT ids.value, sum(${deviceCounts.devices}) FROM ${jsonEach([...new Set(dealerIds)])} AS ids
        CROSS JOIN ${deviceCounts} ON ${deviceCounts.dealerId} = ids.value
        WHERE ${matching(scope, filter) ?? sql`true`} GROUP BY 1`,
    );
    if (!rows.some(({ id, n }) => id === null && n)) return null;
    return new Map(rows.flatMap(({ id, n }) => (id === null ? [] : [[id, n] as const])));
  }

  /** Of the whole scope, or of one dealer. */
  async findFleet(
    scope: Scope,
    { dealerId }: { readonly dealerId?: string | null | undefined } = {},
  ): Promise<FleetStatistics | null> {
    const counts = await this.#find(scope, dealerId == null ? undefined : [dealerId]);
    return counts && toStatistics(counts);
  }

  /** Of some dealers. */
  findByDealer(scope: Scope, dealerIds: readonly string[]): Promise<Counts | null> {
    return this.#find(scope, dealerIds);
  }

  /** One statement, so that all of it is of one moment. */
  async #find(scope: Scope, dealerIds: readonly string[] | undefined): Promise<Counts | null> {
    const isWanted = (own: SQL | undefined) => own ?? sql`true`;
    // An id is never empty, and nobody's devices have an empty one.
    const ids = dealerIds?.filter((id) => id !== "");
    const of = (dealer: SQL) => ids && isOneOf(dealer, ids);
    const rows = await this.#reader.select<{ kind: string; dealerId: string; source: Source; word: string; n: number }>(
      sql`SELECT 'filled' AS kind, '' AS dealerId, '' AS source, '' AS word, ${IS_FILLED} AS n UNION ALL
        SELECT 'devices', ${deviceCounts.dealerId}, ${deviceCounts.source}, ${deviceCounts.status}, ${deviceCounts.devices}
        FROM ${deviceCounts} WHERE ${isWanted(
          and(isOwnDealer(scope, deviceCounts.dealerId), of(sql`${deviceCounts.dealerId}`)),
        )} UNION ALL
        SELECT 'alerts', ${openAlertCounts.dealerId}, ${openAlertCounts.source}, ${openAlertCounts.severity}, ${openAlertCounts.alerts}
        FROM ${openAlertCounts} WHERE ${isWanted(
          and(
            isOwnDealer(scope, openAlertCounts.dealerId),
            isOwnDealer(scope, openAlertCounts.raisedUnder),
            of(sql`${openAlertCounts.dealerId}`),
          ),
        )}`,
    );
    if (!rows.some(({ kind, n }) => kind === "filled" && n)) return null;
    const ofKind = (wanted: string) => rows.filter(({ kind }) => kind === wanted) as unknown;
    return { devices: ofKind("devices") as Counts["devices"], alerts: ofKind("alerts") as Counts["alerts"] };
  }
}

/** In `fill_progress`: behind every key, so all devices are in. */
export const FILLED = "~";

const IS_FILLED = sql`(SELECT through = ${FILLED} FROM fill_progress WHERE name = 'counts')`;

/** Conditions that hold for everything if they are empty. */
const PREFIXES = ["keyPrefix", "serialPrefix"];

/** Whether the counts have all that a filter asks for. */
export function isKept({ status, statuses, source, sources, dealerId, unassigned, ...others }: Filter): boolean {
  return Object.entries(others).every(([name, value]) => value == null || (value === "" && PREFIXES.includes(name)));
}

function matching(scope: Scope, filter: Filter): SQL | undefined {
  const { dealerId, unassigned } = filter;
  const statuses = valuesOf(filter.status, filter.statuses);
  const sources = valuesOf(filter.source, filter.sources);
  return and(
    isOwnDealer(scope, deviceCounts.dealerId),
    dealerId != null ? sql`${deviceCounts.dealerId} = ${dealerId} AND ${dealerId} <> ''` : undefined,
    unassigned != null ? sql`(${deviceCounts.dealerId} = '') = ${unassigned ? 1 : 0}` : undefined,
    statuses && isOneOf(deviceCounts.status, statuses),
    sources && isOneOf(deviceCounts.source, sources),
  );
}

export const sumOf = (rows: readonly { readonly n: number }[]): number => rows.reduce((sum, { n }) => sum + n, 0);

function toStatistics({ devices, alerts }: Counts): FleetStatistics {
  const unknown = sumOf(alerts.filter(({ word }) => word === ""));
  return {
    devices: sumOf(devices),
    unassigned: sumOf(devices.filter(({ dealerId }) => dealerId === "")),
    byStatus: DEVICE_STATUSES.map((status) => ({
      status,
      devices: sumOf(devices.filter(({ word }) => word === status)),
    })),
    bySource: SOURCES.map((source) => ({
      source,
      devices: sumOf(devices.filter((each) => each.source === source)),
      openAlerts: sumOf(alerts.filter((each) => each.source === source)),
    })),
    openAlerts: sumOf(alerts),
    openAlertsBySeverity: [
      ...SEVERITIES.map((severity) => ({ severity, alerts: sumOf(alerts.filter(({ word }) => word === severity)) })),
      ...(unknown > 0 ? [{ severity: null, alerts: unknown }] : []),
    ],
  };
}
