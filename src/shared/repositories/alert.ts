import { and, eq, exists, type SQL, sql } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import * as z from "zod";
import type { Scope } from "../auth/scope.ts";
import { type AlertState, type AlertView, latestVersionOf, viewAlert } from "../domain/alert.ts";
import type { Severity } from "../domain/change.ts";
import type { DeviceKey } from "../domain/event.ts";
import type { Version } from "../domain/version.ts";
import { anyOf, checked, Keyset, MomentText, type Stretch, within } from "./keyset.ts";
import { type Cursor, type Page, type PageRequest, pageOf, rowsFor } from "./page.ts";
import { eachOf, ofOwnDealer, type ReadHandle, Repository } from "./repository.ts";
import { alerts, assignments, devices } from "./tables.ts";

export type FoundAlert = AlertView & {
  readonly deviceKey: DeviceKey;
  readonly alertId: string;
  /** The newest that is known of it: an answer to it has to be newer. */
  readonly latest: Version;
};

export type AlertKey = Pick<FoundAlert, "deviceKey" | "alertId">;

/** Conditions that all have to hold; absent and null ask for nothing. Times are moments, as `parseTime` reads them. */
export type AlertFilter = {
  readonly state?: AlertState | null | undefined;
  readonly severity?: Severity | null | undefined;
  readonly deviceKey?: string | null | undefined;
  readonly raised?: Stretch | null | undefined;
};

/** Alerts are listed newest raised first; those whose raising is not known yet come last. */
const NEWEST_FIRST = new Keyset(
  alerts,
  "ALERTS",
  { raisedAt: MomentText.nullable(), deviceKey: z.string().max(80), alertId: z.string().max(64) },
  "descending",
);

export const AlertCursor = NEWEST_FIRST.cursor;

const COLUMNS = ["deviceKey", "alertId", "alert", "raisedAt"] as const;
type AlertRow = Pick<typeof alerts.$inferSelect, (typeof COLUMNS)[number]>;

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

  async findPage(scope: Scope, page: PageRequest, filter: AlertFilter = {}): Promise<Page<FoundAlert>> {
    const rows = await this.findSlice(
      { select: COLUMNS, where: and(raisedInOwnInterval(scope), matching(filter)) },
      { page, keyset: NEWEST_FIRST, stretch: stretchOf(scope, filter) },
      devicesFirst(scope, filter),
    );
    return pageOf(rows, page, ALERT_EDGE);
  }

  /** How many there are, or `null` when there are more than `MAX_COUNT`. */
  countAll(scope: Scope, filter: AlertFilter = {}): Promise<number | null> {
    const raised = within(alerts.raisedAt, stretchOf(scope, filter));
    return this.count(and(raisedInOwnInterval(scope), matching(filter), raised), devicesFirst(scope, filter));
  }

  /** The same page of each device's alerts, in one statement. A device without alerts is left out. */
  async findPagesByDevice(
    scope: Scope,
    deviceKeys: readonly string[],
    { page, filter = {} }: { readonly page: PageRequest; readonly filter?: AlertFilter },
  ): Promise<Map<string, Page<FoundAlert>>> {
    const behind = anyOf(NEWEST_FIRST.parts(page, stretchOf(scope, filter)));
    const orderBy = NEWEST_FIRST.orderBy(page);
    const wanted = and(sql`${alerts.deviceKey} = ids.value`, visibleTo(scope), matching(filter, checked), behind);
    // The inner table has the outer one's name, so that the conditions speak of the inner one. Only the ids of a device's
    // alerts are sorted there, which is a small part of what they hold.
    const rows = await this.findMany(
      { select: COLUMNS, orderBy },
      sql`SELECT ${alerts}.* FROM ${eachOf(deviceKeys)} AS ids
        CROSS JOIN ${alerts} ON ${alerts.deviceKey} = ids.value AND ${alerts.alertId} IN (
          SELECT ${alerts.alertId} FROM ${alerts} WHERE ${wanted}
          ORDER BY ${sql.join(orderBy, sql`, `)} LIMIT ${rowsFor(page)})`,
    );
    const groups = Map.groupBy(rows, ({ deviceKey }) => deviceKey as string);
    return new Map([...groups].map(([deviceKey, group]) => [deviceKey, pageOf(group, page, ALERT_EDGE)]));
  }

  /** How many alerts each device has; `null` for more than `MAX_COUNT`. */
  countByDevice(
    scope: Scope,
    deviceKeys: readonly string[],
    filter: AlertFilter = {},
  ): Promise<Map<string, number | null>> {
    const raised = within(checked(alerts.raisedAt), stretchOf(scope, filter));
    const where = and(visibleTo(scope), matching(filter, checked), raised);
    return this.countEach(deviceKeys, sql`${alerts.deviceKey} = ids.value`, where);
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

/**
 * For what asks for open alerts device by device. SQLite would rather take `alerts_by_state`, which has the time of
 * raising too, and read everybody's open alerts for each device.
 */
export const OPEN_ALERTS = sql`${alerts} INDEXED BY open_alerts_by_device`;

/** The state stands as a literal, because no parameter can prove that a partial index has the row. */
export const isOpen = sql`${alerts.state} = 'OPEN'`;

const visibleTo = (scope: Scope): SQL | undefined => and(ofOwnDevice(scope), raisedInOwnInterval(scope));

function ofOwnDevice(scope: Scope): SQL | undefined {
  const own = ofOwnDealer(scope, devices.dealerId);
  return own && exists(sql`(SELECT 1 FROM ${devices} WHERE ${devices.key} = ${alerts.deviceKey} AND ${own})`);
}

/**
 * The newest assignment up to the raising is the dealer's. The raising's version is the one of `raisingOf`: when it
 * was raised, with the id of the event that told of it. While nobody knows that, no dealer sees the alert.
 */
export function raisedInOwnInterval(scope: Scope): SQL | undefined {
  const told = sql`${alerts.alert} ->> '$.details.version'`;
  return ofOwnDealer(
    scope,
    sql`(SELECT ${assignments.dealerId} FROM ${assignments} WHERE ${assignments.deviceKey} = ${alerts.deviceKey}
      AND ${assignments.version} <= ${alerts.raisedAt} || substr(${told}, instr(${told}, '/'))
      ORDER BY ${assignments.version} DESC LIMIT 1)`,
  );
}

/** What a dealer may see was raised at some time, which spares it the search among what was not. */
const stretchOf = ({ role }: Scope, { raised }: AlertFilter): Stretch =>
  role === "dealer" ? { from: raised?.from ?? "", to: raised?.to } : (raised ?? {});

/** @param hide `checked` where the device leads and the state must not */
const matching = ({ state, severity, deviceKey }: AlertFilter, hide = (column: SQLiteColumn) => sql`${column}`) =>
  and(
    state ? sql`${hide(alerts.state)} = ${state}` : undefined,
    severity ? eq(alerts.severity, severity) : undefined,
    deviceKey != null ? sql`${alerts.deviceKey} = ${deviceKey}` : undefined,
  );

const foundAlert = ({ deviceKey, alertId, alert }: AlertRow): FoundAlert => ({
  deviceKey,
  alertId,
  latest: latestVersionOf(alert),
  ...viewAlert(alert),
});

const ALERT_EDGE = { cursor: (row: AlertRow): Cursor => NEWEST_FIRST.cursorOf(row), node: foundAlert };
