import { and, desc, eq, exists, isNull, or, type SQL, sql } from "drizzle-orm";
import * as z from "zod";
import type { Scope } from "../auth/scope.ts";
import { type AlertState, type AlertView, viewAlert } from "../domain/alert.ts";
import type { Severity } from "../domain/change.ts";
import type { DeviceKey } from "../domain/event.ts";
import { type Page, type PageRequest, pageOf, rowsFor } from "./page.ts";
import { eachOf, ofOwnDealer, type ReadHandle, Repository } from "./repository.ts";
import { alerts, assignments, devices } from "./tables.ts";

export type FoundAlert = AlertView & { readonly deviceKey: DeviceKey; readonly alertId: string };

export type AlertKey = Pick<FoundAlert, "deviceKey" | "alertId">;

/** Conditions that all have to hold; absent and null ask for nothing. */
export type AlertFilter = {
  readonly state?: AlertState | null;
  readonly severity?: Severity | null;
  readonly deviceKey?: string | null;
};

/** Alerts are listed newest raised first; those whose raising is not known yet come last. */
export const AlertCursor = z.tuple([z.iso.datetime().nullable(), z.string().max(80), z.string().max(64)]);
export type AlertCursor = z.infer<typeof AlertCursor>;

const COLUMNS = ["deviceKey", "alertId", "alert", "raisedAt"] as const;
type AlertRow = Pick<typeof alerts.$inferSelect, (typeof COLUMNS)[number]>;
type AlertPage = PageRequest<AlertCursor>;

/**
 * Alerts of devices. A dealer sees an alert when the device is its own now and was its own when the alert was raised:
 * a device takes its alerts along to the next dealer, who does not see them either.
 */
export class AlertRepository extends Repository<typeof alerts> {
  constructor(handle: ReadHandle) {
    super(handle, alerts);
  }

  /** In no order; what the scope may not see is left out, as is what does not exist. */
  async findAll(scope: Scope, keys: readonly AlertKey[]): Promise<FoundAlert[]> {
    const rows = await this.findManyById(
      keys.map(({ deviceKey, alertId }) => [deviceKey, alertId]),
      {
        select: COLUMNS,
        on: sql`${alerts.deviceKey} = ids.value ->> 0 AND ${alerts.alertId} = ids.value ->> 1`,
        where: visibleTo(scope),
      },
    );
    return rows.map(foundAlert);
  }

  async findPage(scope: Scope, page: AlertPage, filter: AlertFilter = {}): Promise<Page<FoundAlert>> {
    const { after } = page;
    if (after === null) return pageOf(await this.#findPart(scope, filter, { limit: rowsFor(page) }), page, ALERT_EDGE);
    // Two parts, because one condition over both would keep the index from jumping to the cursor.
    const raised =
      after[0] === null
        ? []
        : await this.#findPart(scope, filter, { where: raisedBefore(after), limit: rowsFor(page) });
    const missing = rowsFor(page) - raised.length;
    if (missing === 0 || scope.role === "dealer") return pageOf(raised, page, ALERT_EDGE);
    const unraised = await this.#findPart(scope, filter, { where: unraisedBehind(after), limit: missing });
    return pageOf([...raised, ...unraised], page, ALERT_EDGE);
  }

  /** The same page of each device's alerts, in one statement. A device without alerts is left out. */
  async findPagesByDevice(
    scope: Scope,
    deviceKeys: readonly string[],
    page: AlertPage,
    filter: AlertFilter = {},
  ): Promise<Map<string, Page<FoundAlert>>> {
    const behind = page.after ? or(raisedBefore(page.after), unraisedBehind(page.after)) : undefined;
    const wanted = and(visibleTo(scope), matching(filter), behind) ?? sql`true`;
    const rows = await this.findMany(
      { select: COLUMNS, where: sql`place <= ${rowsFor(page)}`, orderBy: [sql`place`] },
      sql`SELECT ${alerts}.*, row_number() OVER (
          PARTITION BY ${alerts.deviceKey} ORDER BY ${alerts.raisedAt} DESC, ${alerts.alertId} DESC) AS place
        FROM ${alertsFrom(sql`${eachOf(deviceKeys)} AS ids CROSS JOIN ${alerts} ON ${alerts.deviceKey} = ids.value`)}
        WHERE ${wanted}`,
    );
    const groups = Map.groupBy(rows, ({ deviceKey }) => deviceKey as string);
    return new Map([...groups].map(([deviceKey, group]) => [deviceKey, pageOf(group, page, ALERT_EDGE)]));
  }

  #findPart(
    scope: Scope,
    filter: AlertFilter,
    { where, limit }: { where?: SQL | undefined; limit: number },
  ): Promise<AlertRow[]> {
    return this.findMany(
      {
        select: COLUMNS,
        where: and(raisedInOwnInterval(scope), matching(filter), where),
        orderBy: [desc(alerts.raisedAt), desc(alerts.deviceKey), desc(alerts.alertId)],
        limit,
      },
      devicesFirst(scope, filter),
    );
  }
}

/** Where few devices are concerned, their alerts: walking all alerts by time would read everybody's to find theirs. */
function devicesFirst(scope: Scope, { deviceKey }: AlertFilter): SQL | undefined {
  const own = ofOwnDealer(scope, sql`own.dealer_id`);
  const named = deviceKey != null ? sql`own.key = ${deviceKey}` : undefined;
  const which = and(own, named);
  return (
    which &&
    sql`SELECT * FROM ${alertsFrom(
      sql`${devices} AS own CROSS JOIN ${alerts} ON ${alerts.deviceKey} = own.key WHERE ${which}`,
    )}`
  );
}

/**
 * Alerts that are read device by device, by primary key. LIMIT -1 limits nothing, but keeps SQLite from pulling the
 * conditions around it inside, where `alerts_by_state` would be read whole for each device.
 */
const alertsFrom = (source: SQL): SQL => sql`(SELECT ${alerts}.* FROM ${source} LIMIT -1) AS ${alerts}`;

const visibleTo = (scope: Scope): SQL | undefined => and(ofOwnDevice(scope), raisedInOwnInterval(scope));

function ofOwnDevice(scope: Scope): SQL | undefined {
  const own = ofOwnDealer(scope, devices.dealerId);
  return own && exists(sql`(SELECT 1 FROM ${devices} WHERE ${devices.key} = ${alerts.deviceKey} AND ${own})`);
}

/**
 * The newest assignment at or before the raising is the dealer's. Versions begin with their time and go on with "/",
 * and "0" sorts right behind it, so the range ends with the last version of that millisecond: one seek by primary key.
 * While nobody knows when an alert was raised, no dealer sees it.
 */
function raisedInOwnInterval(scope: Scope): SQL | undefined {
  return ofOwnDealer(
    scope,
    sql`(SELECT ${assignments.dealerId} FROM ${assignments} WHERE ${assignments.deviceKey} = ${alerts.deviceKey}
      AND ${assignments.version} < ${alerts.raisedAt} || '0' ORDER BY ${assignments.version} DESC LIMIT 1)`,
  );
}

const matching = ({ state, severity, deviceKey }: AlertFilter): SQL | undefined =>
  and(
    state ? eq(alerts.state, state) : undefined,
    severity ? eq(alerts.severity, severity) : undefined,
    deviceKey != null ? sql`${alerts.deviceKey} = ${deviceKey}` : undefined,
  );

/** Comparing with NULL is not true, so this leaves out what was never raised. */
const raisedBefore = ([raisedAt, deviceKey, alertId]: AlertCursor): SQL | undefined =>
  raisedAt === null
    ? undefined
    : sql`(${alerts.raisedAt}, ${alerts.deviceKey}, ${alerts.alertId}) < (${raisedAt}, ${deviceKey}, ${alertId})`;

const unraisedBehind = ([raisedAt, deviceKey, alertId]: AlertCursor): SQL | undefined =>
  and(
    isNull(alerts.raisedAt),
    raisedAt === null ? sql`(${alerts.deviceKey}, ${alerts.alertId}) < (${deviceKey}, ${alertId})` : undefined,
  );

const foundAlert = ({ deviceKey, alertId, alert }: AlertRow): FoundAlert => ({
  deviceKey,
  alertId,
  ...viewAlert(alert),
});

const ALERT_EDGE = {
  cursor: ({ raisedAt, deviceKey, alertId }: AlertRow): AlertCursor => [raisedAt, deviceKey, alertId],
  node: foundAlert,
};
