import { and, exists, type SQL, sql } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import * as z from "zod";
import { actorName } from "#auth/actor.ts";
import type { Scope } from "#auth/scope.ts";
import {
  ALERT_STATES,
  type Alert,
  type AlertState,
  type AlertView,
  latestAlertVersion,
  viewAlert,
} from "#domain/alert.ts";
import { SEVERITIES, type Severity } from "#domain/change.ts";
import { type DeviceKey, SOURCES, type Source } from "#domain/event.ts";
import type { Version } from "#domain/version.ts";
import { anyPart, inRange, type KeyRange, Keyset, MomentText, unindexed } from "./keyset.ts";
import { isOneOf, jsonEach, valuesOf } from "./one-of.ts";
import { type Cursor, type Page, type PageRequest, rowsFor, toPage } from "./page.ts";
import { keySource } from "./registers.ts";
import { Repository } from "./repository.ts";
import { isOwnDealer } from "./scoped-table.ts";
import { alerts, devices } from "./tables.ts";
import { ALERT_RELATIONS, ALERTS, alertsByDevice, raisedInOwnInterval } from "./visibility.ts";

/** An alert as it was read, with its key. */
export type FoundAlert = Omit<AlertView, "acknowledgedBy"> & {
  readonly deviceKey: DeviceKey;
  readonly alertId: string;
  /** The newest version in the alert. An acknowledgement has to be newer to take effect. */
  readonly latest: Version;
  /** The subject of who acknowledged it, or else the role, as far as the caller may know; `null` if nobody said. */
  readonly acknowledgedBy: string | null;
};

/** The key of an alert: its id is unique within its device. */
export type AlertKey = Pick<FoundAlert, "deviceKey" | "alertId">;

/** Conditions that all have to hold; absent and null are no condition. Times are `Moment`s, as `parseTime` returns them. */
export type AlertFilter = {
  readonly state?: AlertState | null | undefined;
  /** One of these. An empty list matches nothing, here and in every other list of values. */
  readonly states?: readonly AlertState[] | null | undefined;
  readonly severity?: Severity | null | undefined;
  /** One of these. */
  readonly severities?: readonly Severity[] | null | undefined;
  /** This one or a worse one. An alert without a severity, whose raise has not arrived, does not match. */
  readonly minSeverity?: Severity | null | undefined;
  /** One of these, of the alert's device. */
  readonly sources?: readonly Source[] | null | undefined;
  readonly deviceKey?: string | null | undefined;
  /** The dealer that has the alert's device now. */
  readonly dealerId?: string | null | undefined;
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
    return rows.map(foundAlert(scope));
  }

  /** A page of the alerts that match, newest first. @param page with cursors of `AlertCursor` */
  async list(scope: Scope, page: PageRequest, filter: AlertFilter = {}): Promise<Page<FoundAlert>> {
    const { where, from } = listedFor(scope, filter);
    const rows = await this.unscoped.findSlice(
      { select: COLUMNS, where },
      { page, keyset: NEWEST_FIRST, ranges: [raisedRange(scope, filter)] },
      from,
    );
    return toPage(rows, page, alertEdge(scope));
  }

  /** How many there are, or `null` when there are more than `MAX_COUNT`. */
  countAll(scope: Scope, filter: AlertFilter = {}): Promise<number | null> {
    const { where, from } = listedFor(scope, filter);
    return this.unscoped.count(and(where, inRange(alerts.raisedAt, raisedRange(scope, filter))), from);
  }

  /** The same page of each device's alerts, in one statement. A device without alerts is left out. */
  async findPagesByDevice(
    scope: Scope,
    deviceKeys: readonly string[],
    { page, filter = {} }: { readonly page: PageRequest; readonly filter?: AlertFilter },
  ): Promise<Map<string, Page<FoundAlert>>> {
    const behind = anyPart(NEWEST_FIRST.parts(page, [raisedRange(scope, filter)]));
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
    return new Map([...groups].map(([deviceKey, group]) => [deviceKey, toPage(group, page, alertEdge(scope))]));
  }

  /** How many alerts each device has; `null` for more than `MAX_COUNT`. */
  countByDevice(
    scope: Scope,
    deviceKeys: readonly string[],
    filter: AlertFilter = {},
  ): Promise<Map<string, number | null>> {
    const raised = inRange(unindexed(alerts.raisedAt), raisedRange(scope, filter));
    const ofDevice = sql`${alerts.deviceKey} = ids.value`;
    return this.unscoped.countEach(
      deviceKeys,
      and(ofDevice, ALERTS.visibleTo(scope), matching(filter, unindexed), raised),
    );
  }
}

/** Where a list is read from, and which of those rows it has. */
function listedFor(
  scope: Scope,
  filter: AlertFilter,
): { where: SQL | undefined; from: SQL | readonly SQL[] | undefined } {
  const from = deviceByDevice(scope, filter);
  const visible = raisedInOwnInterval(scope);
  // There the dealer's devices are looked up already; here every condition holds already.
  return from
    ? { where: and(visible, matching({ ...filter, dealerId: null })), from }
    : { where: visible, from: ofEachValue(filter) };
}

/** For a dealer or a single device. */
function deviceByDevice(scope: Scope, { deviceKey, dealerId }: AlertFilter): SQL | undefined {
  const own = isOwnDealer(scope, sql`own.dealer_id`);
  return alertsByDevice(
    and(
      own,
      deviceKey != null ? sql`own.key = ${deviceKey}` : undefined,
      dealerId != null ? sql`${sql.raw(deviceKey != null || own ? "+" : "")}own.dealer_id = ${dealerId}` : undefined,
    ),
  );
}

/**
 * For lists of certain states, severities or sources: a SELECT for each combination of them, which is a part of
 * `alerts_by_kind` and is sorted like the list there. `undefined` if there is no such condition.
 */
function ofEachValue(filter: AlertFilter): readonly SQL[] | undefined {
  const { states, severities, sources } = valuesIn(filter);
  if (!severities && !sources) {
    return states?.map((state) => sql`SELECT * FROM ${alerts} WHERE ${alerts.state} = ${state}`);
  }
  return (states ?? ALERT_STATES).flatMap((state) =>
    (severities ?? [...SEVERITIES, null]).flatMap((severity) =>
      (sources ?? SOURCES).map(
        (source) => sql`SELECT * FROM ${alerts} INDEXED BY alerts_by_kind WHERE ${alerts.state} = ${state}
          AND ${alerts.severity} IS ${severity} AND ${keySource(alerts.deviceKey)} = ${source}`,
      ),
    ),
  );
}

function valuesIn({ state, states, severity, severities, minSeverity, sources }: AlertFilter) {
  const worse = minSeverity ? SEVERITIES.slice(SEVERITIES.indexOf(minSeverity)) : undefined;
  const wanted = valuesOf(severity, severities);
  return {
    states: valuesOf(state, states),
    severities: wanted && worse ? wanted.filter((each) => worse.includes(each)) : (wanted ?? worse),
    sources: valuesOf(null, sources),
  };
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
function matching(filter: AlertFilter, hide = (column: SQLiteColumn) => sql`${column}`): SQL | undefined {
  const { states, severities, sources } = valuesIn(filter);
  const { deviceKey, dealerId } = filter;
  return and(
    states && isOneOf(hide(alerts.state), states),
    severities && isOneOf(hide(alerts.severity), severities),
    sources && isOneOf(keySource(hide(alerts.deviceKey)), sources),
    deviceKey != null ? sql`${alerts.deviceKey} = ${deviceKey}` : undefined,
    dealerId != null ? isOfDealer(dealerId) : undefined,
  );
}

const isOfDealer = (dealerId: string): SQL =>
  exists(
    sql`(SELECT 1 FROM ${devices} WHERE ${devices.key} = ${alerts.deviceKey} AND +${devices.dealerId} = ${dealerId})`,
  );

/** An alert as a scope may see it, from its registers. */
export const seenAlert = (scope: Scope, { deviceKey, alertId }: AlertKey, alert: Alert): FoundAlert => {
  const view = viewAlert(alert);
  return {
    deviceKey,
    alertId,
    latest: latestAlertVersion(alert),
    ...view,
    acknowledgedBy: actorName(scope, view.acknowledgedBy),
  };
};

const foundAlert =
  (scope: Scope) =>
  ({ deviceKey, alertId, alert }: AlertRow): FoundAlert =>
    seenAlert(scope, { deviceKey, alertId }, alert);

const alertEdge = (scope: Scope) => ({
  cursor: (row: AlertRow): Cursor => NEWEST_FIRST.toCursor(row),
  node: foundAlert(scope),
});
