import { and, eq, type SQL, sql } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import * as z from "zod";
import type { Scope } from "#auth/scope.ts";
import { type AlertState, type AlertView, latestAlertVersion, viewAlert } from "#domain/alert.ts";
import type { Severity } from "#domain/change.ts";
import type { DeviceKey } from "#domain/event.ts";
import type { Version } from "#domain/version.ts";
import { anyPart, inRange, type KeyRange, Keyset, MomentText, unindexed } from "./keyset.ts";
import { jsonEach } from "./one-of.ts";
import { type Cursor, type Page, type PageRequest, rowsFor, toPage } from "./page.ts";
import { Repository } from "./repository.ts";
import { isOwnDealer } from "./scoped-table.ts";
import { alerts } from "./tables.ts";
import { ALERT_RELATIONS, ALERTS, alertsByDevice, raisedInOwnInterval } from "./visibility.ts";

/** An alert as it was read, with its key. */
export type FoundAlert = AlertView & {
  readonly deviceKey: DeviceKey;
  readonly alertId: string;
  /** The newest version in the alert. An acknowledgement has to be newer to take effect. */
  readonly latest: Version;
};

/** The key of an alert: its id is unique within its device. */
export type AlertKey = Pick<FoundAlert, "deviceKey" | "alertId">;

/** Conditions that all have to hold; absent and null are no condition. Times are `Moment`s, as `parseTime` returns them. */
export type AlertFilter = {
  readonly state?: AlertState | null | undefined;
  readonly severity?: Severity | null | undefined;
  readonly deviceKey?: string | null | undefined;
  readonly raised?: KeyRange | null | undefined;
};

/** Alerts are listed by the time of their raise, newest first; those whose raise has not arrived come last. */
const NEWEST_FIRST = new Keyset(
  alerts,
  "ALERTS",
  { raisedAt: MomentText.nullable(), deviceKey: z.string().max(80), alertId: z.string().max(64) },
  "descending",
);

/** The schema of cursors in lists of alerts. */
export const AlertCursor = NEWEST_FIRST.cursor;

const COLUMNS = ["deviceKey", "alertId", "alert", "raisedAt"] as const;
type AlertRow = Pick<typeof alerts.$inferSelect, (typeof COLUMNS)[number]>;

/** Alerts of devices, usually less than a second behind the queue. */
export class AlertRepository extends Repository<typeof alerts> {
  readonly rows = ALERTS;
  readonly orders = { RAISED: NEWEST_FIRST.reversed };
  readonly relations = ALERT_RELATIONS;

  /** In no particular order; alerts that do not exist or are out of scope are left out. */
  async findAll(scope: Scope, keys: readonly AlertKey[]): Promise<FoundAlert[]> {
    const rows = await this.unscoped.findManyById(
      keys.map(({ deviceKey, alertId }) => [deviceKey, alertId]),
      {
        select: COLUMNS,
        on: sql`${alerts.deviceKey} = ids.value ->> 0 AND ${alerts.alertId} = ids.value ->> 1`,
        where: ALERTS.visibleTo(scope),
      },
    );
    return rows.map(foundAlert);
  }

  /** A page of the alerts that match, newest first. @param page with cursors of `AlertCursor` */
  async list(scope: Scope, page: PageRequest, filter: AlertFilter = {}): Promise<Page<FoundAlert>> {
    const rows = await this.unscoped.findSlice(
      { select: COLUMNS, where: and(raisedInOwnInterval(scope), matching(filter)) },
      { page, keyset: NEWEST_FIRST, range: raisedRange(scope, filter) },
      deviceByDevice(scope, filter),
    );
    return toPage(rows, page, ALERT_EDGE);
  }

  /** How many there are, or `null` when there are more than `MAX_COUNT`. */
  countAll(scope: Scope, filter: AlertFilter = {}): Promise<number | null> {
    const raised = inRange(alerts.raisedAt, raisedRange(scope, filter));
    return this.unscoped.count(
      and(raisedInOwnInterval(scope), matching(filter), raised),
      deviceByDevice(scope, filter),
    );
  }

  /** The same page of each device's alerts, in one statement. A device without alerts is left out. */
  async findPagesByDevice(
    scope: Scope,
    deviceKeys: readonly string[],
    { page, filter = {} }: { readonly page: PageRequest; readonly filter?: AlertFilter },
  ): Promise<Map<string, Page<FoundAlert>>> {
    const behind = anyPart(NEWEST_FIRST.parts(page, raisedRange(scope, filter)));
    const orderBy = NEWEST_FIRST.orderBy(page);
    const wanted = and(
      sql`${alerts.deviceKey} = ids.value`,
      ALERTS.visibleTo(scope),
      matching(filter, unindexed),
      behind,
    );
    // The inner table has the same name as the outer one, so that the conditions apply to the inner one. It sorts only the
    // ids of a device's alerts, which are a small part of the rows.
    const rows = await this.unscoped.findMany(
      { select: COLUMNS, orderBy },
      sql`SELECT ${alerts}.* FROM ${jsonEach(deviceKeys)} AS ids
        CROSS JOIN ${alerts} ON ${alerts.deviceKey} = ids.value AND ${alerts.alertId} IN (
          SELECT ${alerts.alertId} FROM ${alerts} WHERE ${wanted}
          ORDER BY ${sql.join(orderBy, sql`, `)} LIMIT ${rowsFor(page)})`,
    );
    const groups = Map.groupBy(rows, ({ deviceKey }) => deviceKey as string);
    return new Map([...groups].map(([deviceKey, group]) => [deviceKey, toPage(group, page, ALERT_EDGE)]));
  }

  /** How many alerts each device has; `null` for more than `MAX_COUNT`. */
  countByDevice(
    scope: Scope,
    deviceKeys: readonly string[],
    filter: AlertFilter = {},
  ): Promise<Map<string, number | null>> {
    const raised = inRange(unindexed(alerts.raisedAt), raisedRange(scope, filter));
    const where = and(ALERTS.visibleTo(scope), matching(filter, unindexed), raised);
    return this.unscoped.countEach(deviceKeys, sql`${alerts.deviceKey} = ids.value`, where);
  }
}

/** For a dealer or a single device. */
function deviceByDevice(scope: Scope, { deviceKey }: AlertFilter): SQL | undefined {
  const own = isOwnDealer(scope, sql`own.dealer_id`);
  return alertsByDevice(and(own, deviceKey != null ? sql`own.key = ${deviceKey}` : undefined));
}

/**
 * For reads of open alerts device by device. SQLite would prefer `alerts_by_state`, which also has the time of the raise,
 * and read the open alerts of all devices for each of them.
 */
export const OPEN_ALERTS = sql`${alerts} INDEXED BY open_alerts_by_device`;

/** The state is a literal, because SQLite uses a partial index only if it can prove that the condition implies the index's own. */
export const isOpen = sql`${alerts.state} = 'OPEN'`;

/** A dealer sees only alerts whose raise has arrived, so those without a time need not be read. */
const raisedRange = ({ role }: Scope, { raised }: AlertFilter): KeyRange =>
  role === "dealer" ? { from: raised?.from ?? "", to: raised?.to } : (raised ?? {});

/** @param hide `unindexed` if the index on the device is to be used, and not the one on the state */
const matching = ({ state, severity, deviceKey }: AlertFilter, hide = (column: SQLiteColumn) => sql`${column}`) =>
  and(
    state ? sql`${hide(alerts.state)} = ${state}` : undefined,
    severity ? eq(alerts.severity, severity) : undefined,
    deviceKey != null ? sql`${alerts.deviceKey} = ${deviceKey}` : undefined,
  );

const foundAlert = ({ deviceKey, alertId, alert }: AlertRow): FoundAlert => ({
  deviceKey,
  alertId,
  latest: latestAlertVersion(alert),
  ...viewAlert(alert),
});

const ALERT_EDGE = { cursor: (row: AlertRow): Cursor => NEWEST_FIRST.toCursor(row), node: foundAlert };
