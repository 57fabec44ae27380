import { and, exists, type SQL, sql } from "drizzle-orm";
import type { Scope } from "#auth/scope.ts";
import { type Registers, SEPARATE } from "#domain/party.ts";
import { keySource, registerRank } from "./registers.ts";
import { many, one } from "./relation.ts";
import { isOwnDealer, type ScopedTable, scopedTable } from "./scoped-table.ts";
import { alerts, assignments, customers, dealers, devices } from "./tables.ts";

/*
 * The tables that events build: what a scope may see of each, and how they belong together. It is declared here and
 * nowhere else: the repositories, `include` and docs/tables.md take it from here.
 */

/** A dealer sees the devices that are its own now. */
export const DEVICES = scopedTable(devices, {
  key: ["key"],
  visibleTo: (scope) => isOwnDealer(scope, devices.dealerId),
  isLedByScope: true,
});

/**
 * A dealer sees an alert if the device is its own now and was its own when the alert was raised: after a handover,
 * neither dealer sees the earlier alerts.
 */
export const ALERTS = scopedTable(alerts, {
  key: ["deviceKey", "alertId"],
  visibleTo: (scope) => and(isOfOwnDevice(scope), raisedInOwnInterval(scope)),
  listedFor: (scope) => alertsByDevice(isOwnDealer(scope, sql`own.dealer_id`)),
});

/** A dealer sees its own assignments only, and not who had the device before or after. */
export const ASSIGNMENTS = scopedTable(assignments, {
  key: ["deviceKey", "version"],
  visibleTo: (scope) => isOwnDealer(scope, assignments.dealerId),
});

/** A dealer sees each source's record of itself. */
export const DEALERS = scopedTable(dealers, {
  key: ["id", "source"],
  visibleTo: (scope) => isOwnDealer(scope, dealers.id),
  isLedByScope: true,
});

/** A dealer sees a customer's record in those registers in which the customer has one of the dealer's devices. */
export const customersIn = (registers: Registers): ScopedTable<typeof customers, readonly ["id", "source"]> =>
  scopedTable(customers, {
    key: ["id", "source"],
    visibleTo: (scope) => {
      const own = isOwnDealer(scope, devices.dealerId);
      return (
        own &&
        exists(sql`(SELECT 1 FROM ${devices} WHERE ${devices.customerId} = ${customers.id} AND ${own}
          AND ${registerRank(registers, keySource(devices.key))} = ${registerRank(registers, customers.source)})`)
      );
    },
    listedFor: (scope) => {
      const own = isOwnDealer(scope, devices.dealerId);
      return (
        own &&
        sql`SELECT ${customers}.* FROM (SELECT DISTINCT ${devices.customerId} AS id FROM ${devices} WHERE ${own}) AS own
          CROSS JOIN ${customers} ON ${customers.id} = own.id`
      );
    },
  });

/** Where no two sources share their customers' ids. */
export const CUSTOMERS = customersIn(SEPARATE);

/** Of dealers and customers, each source has a record of its own. */
export const DEVICE_RELATIONS = {
  alerts: many(ALERTS, { key: "deviceKey" }),
  assignments: many(ASSIGNMENTS, { key: "deviceKey" }),
  dealerRecords: many(DEALERS, { dealerId: "id" }),
  customerRecords: many(CUSTOMERS, { customerId: "id" }),
} as const;

export const ALERT_RELATIONS = { device: one(DEVICES, { deviceKey: "key" }) } as const;

/** The device is `null` to a dealer that no longer has it. */
export const ASSIGNMENT_RELATIONS = { device: one(DEVICES, { deviceKey: "key" }) } as const;

export const DEALER_RELATIONS = { devices: many(DEVICES, { id: "dealerId" }) } as const;
export const CUSTOMER_RELATIONS = { devices: many(DEVICES, { id: "customerId" }) } as const;

function isOfOwnDevice(scope: Scope): SQL | undefined {
  const own = isOwnDealer(scope, devices.dealerId);
  return own && exists(sql`(SELECT 1 FROM ${devices} WHERE ${devices.key} = ${alerts.deviceKey} AND ${own})`);
}

/**
 * True if the last assignment before the alert's raise is to the scope's own dealer. The version is that of
 * `raisedVersion`: the time of the raise with the id of its event. Until that event has arrived, no dealer sees the alert.
 */
export function raisedInOwnInterval(scope: Scope): SQL | undefined {
  const raised = sql`${alerts.alert} ->> '$.details.version'`;
  return isOwnDealer(
    scope,
    sql`(SELECT ${assignments.dealerId} FROM ${assignments} WHERE ${assignments.deviceKey} = ${alerts.deviceKey}
      AND ${assignments.version} <= ${alerts.raisedAt} || substr(${raised}, instr(${raised}, '/'))
      ORDER BY ${assignments.version} DESC LIMIT 1)`,
  );
}

/**
 * A SELECT of the alerts of some devices, read device by device: walking all alerts by time would read those of all
 * other devices too. LIMIT -1 does not limit, but keeps SQLite from pushing the outer conditions down, where it would
 * read all of `alerts_by_state` for each device.
 * @param which a condition on the device, as `own`; `undefined` to walk all alerts instead
 */
export const alertsByDevice = (which: SQL | undefined): SQL | undefined =>
  which &&
  sql`SELECT * FROM (SELECT ${alerts}.* FROM ${devices} AS own
    CROSS JOIN ${alerts} ON ${alerts.deviceKey} = own.key WHERE ${which} LIMIT -1) AS ${alerts}`;

/** The tables that events build, with what `include` may name of each. */
export const FLEET = [
  { rows: DEVICES, relations: DEVICE_RELATIONS },
  { rows: ALERTS, relations: ALERT_RELATIONS },
  { rows: ASSIGNMENTS, relations: ASSIGNMENT_RELATIONS },
  { rows: DEALERS, relations: DEALER_RELATIONS },
  { rows: CUSTOMERS, relations: CUSTOMER_RELATIONS },
] as const;
