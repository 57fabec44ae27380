import { and, not, type SQL, sql } from "drizzle-orm";
import * as z from "zod";
import type { Scope } from "../auth/scope.ts";
import type { Severity } from "../domain/change.ts";
import { type DeviceStatus, type DeviceView, viewDevice } from "../domain/device.ts";
import type { DeviceKey, Source } from "../domain/event.ts";
import { dayOf } from "../domain/time.ts";
import { isOpen, OPEN_ALERTS, raisedInOwnInterval } from "./alert.ts";
import { anyOf, checked, Keyset, MomentText, type Stretch, startingWith, within } from "./keyset.ts";
import { type Cursor, type Page, type PageRequest, pageOf, rowsFor } from "./page.ts";
import { eachOf, ofOwnDealer, type ReadHandle, Repository } from "./repository.ts";
import { alerts, devices } from "./tables.ts";

export type FoundDevice = DeviceView & { readonly key: DeviceKey };

/** Conditions that all have to hold; absent and null ask for nothing. Times are moments, as `parseTime` reads them. */
export type DeviceFilter = {
  readonly status?: DeviceStatus | null | undefined;
  readonly source?: Source | null | undefined;
  readonly dealerId?: string | null | undefined;
  readonly customerId?: string | null | undefined;
  /** How the key begins: `elt:ELT45-`. Case matters, as for the serial number. */
  readonly keyPrefix?: string | null | undefined;
  readonly serialPrefix?: string | null | undefined;
  /** Whether it has an open alert that the scope may see. */
  readonly hasOpenAlerts?: boolean | null | undefined;
  /** It has an open alert of this severity that the scope may see. */
  readonly openAlertSeverity?: Severity | null | undefined;
  readonly registered?: Stretch | null | undefined;
  readonly updatedSince?: string | null | undefined;
};

/** What devices are sorted by first; then by key. Those that lack it stand lowest. `UPDATED` is the UTC day. */
export type DeviceOrderField = "KEY" | "SERIAL_NUMBER" | "REGISTERED" | "UPDATED";

/** Absent and null: upwards, by what the filter asks for, which is the cheapest, or else by key. */
export type DeviceOrder = {
  readonly field?: DeviceOrderField | null | undefined;
  readonly direction?: "ASC" | "DESC" | null | undefined;
};

export type DeviceListing = { readonly filter?: DeviceFilter; readonly order?: DeviceOrder };

/** Whose devices are listed by key, for many at once. */
export type DeviceOwner = "dealerId" | "customerId";

const Key = z.string().max(80);
const SerialNumber = z.string().max(64).nullable();
const RegisteredAt = MomentText.nullable();

/** Every order is that of an index. */
const KEYSETS = {
  KEY: new Keyset(devices, "KEY", { key: Key }, "ascending"),
  SERIAL_NUMBER: new Keyset(devices, "SERIAL_NUMBER", { serialNumber: SerialNumber, key: Key }, "ascending"),
  REGISTERED: new Keyset(devices, "REGISTERED", { registeredAt: RegisteredAt, key: Key }, "ascending"),
  UPDATED: new Keyset(devices, "UPDATED", { updatedOn: z.string().max(10), key: Key }, "ascending"),
} as const;

/** The shape of the cursors of a list. Each order has its own. */
export const deviceCursorOf = ({ filter = {}, order = {} }: DeviceListing): z.ZodType<Cursor> =>
  KEYSETS[fieldOf(filter, order)].cursor;

const COLUMNS = ["key", "aspects", "latest", "serialNumber", "registeredAt", "updatedOn"] as const;
type DeviceRow = Pick<typeof devices.$inferSelect, (typeof COLUMNS)[number]>;

/** Devices as the edge last saw them. A dealer sees those that are its own now. May trail the queue by under a second. */
export class DeviceRepository extends Repository<typeof devices> {
  constructor(handle: ReadHandle) {
    super(handle, devices);
  }

  /** In no order; what the scope may not see is left out, as is what does not exist. */
  async findAll(scope: Scope, keys: readonly string[]): Promise<FoundDevice[]> {
    const rows = await this.findManyById(keys, {
      select: COLUMNS,
      on: sql`${devices.key} = ids.value`,
      where: visibleTo(scope),
    });
    return rows.map(foundDevice);
  }

  async findPage(
    scope: Scope,
    page: PageRequest,
    { filter = {}, order = {} }: DeviceListing = {},
  ): Promise<Page<FoundDevice>> {
    const field = fieldOf(filter, order);
    const lead = leadOf(scope, filter, field);
    const keyset = order.direction === "DESC" ? KEYSETS[field].reversed : KEYSETS[field];
    const isLedByOrder = lead === FIRST_COLUMN[field];
    const rows = await this.findSlice(
      { select: COLUMNS, where: matching(scope, filter, isLedByOrder ? null : lead) },
      { page, keyset, ...(isLedByOrder && { stretch: stretchesOf(filter)[lead] }) },
    );
    return pageOf(rows, page, edgeOf(field));
  }

  /** How many there are, or `null` when there are more than `MAX_COUNT`. */
  countAll(scope: Scope, filter: DeviceFilter = {}): Promise<number | null> {
    return this.count(matching(scope, filter, leadOf(scope, filter, fieldOf(filter, {}))));
  }

  /** The same page of each owner's devices, by key, in one statement. An owner without devices is left out. */
  async findPagesByOwner(
    scope: Scope,
    { owner, ids }: { readonly owner: DeviceOwner; readonly ids: readonly string[] },
    { page, filter = {} }: { readonly page: PageRequest; readonly filter?: DeviceFilter },
  ): Promise<Map<string, Page<FoundDevice>>> {
    const orderBy = KEYSETS.KEY.orderBy(page);
    const where = and(ofOwner(owner), matching(scope, filter, owner), anyOf(KEYSETS.KEY.parts(page)));
    // The inner table has the outer one's name, so that the conditions speak of the inner one.
    const rows = await this.findMany(
      { select: [...COLUMNS, owner], orderBy },
      sql`SELECT ${devices}.* FROM ${eachOf(ids)} AS ids CROSS JOIN ${devices} ON ${devices.key} IN (
        SELECT ${devices.key} FROM ${devices} WHERE ${where} ORDER BY ${sql.join(orderBy, sql`, `)} LIMIT ${rowsFor(page)})`,
    );
    const groups = Map.groupBy(rows, (row) => row[owner] as string);
    return new Map([...groups].map(([id, group]) => [id, pageOf(group, page, edgeOf("KEY"))]));
  }

  /** How many devices each owner has; `null` for more than `MAX_COUNT`. */
  countByOwner(
    scope: Scope,
    { owner, ids }: { readonly owner: DeviceOwner; readonly ids: readonly string[] },
    filter: DeviceFilter = {},
  ): Promise<Map<string, number | null>> {
    return this.countEach(ids, ofOwner(owner), matching(scope, filter, owner));
  }
}

const visibleTo = (scope: Scope): SQL | undefined => ofOwnDealer(scope, devices.dealerId);

const ofOwner = (owner: DeviceOwner): SQL => sql`${devices[owner]} = ids.value`;

const fieldOf = (filter: DeviceFilter, { field }: DeviceOrder): DeviceOrderField => {
  if (field != null) return field;
  if (filter.updatedSince != null) return "UPDATED";
  if (filter.registered != null) return "REGISTERED";
  return filter.serialPrefix ? "SERIAL_NUMBER" : "KEY";
};

const FIRST_COLUMN = {
  KEY: "key",
  SERIAL_NUMBER: "serialNumber",
  REGISTERED: "registeredAt",
  UPDATED: "updatedOn",
} as const;

/**
 * Which condition finds the rows, and the others only sort them out: an owner has few devices, few devices have open
 * alerts, and otherwise the list is walked in its order. SQLite has no statistics to choose by, so the columns of the
 * other conditions are hidden from it.
 */
type Lead = DeviceOwner | "openAlerts" | "status" | (typeof FIRST_COLUMN)[DeviceOrderField];

function leadOf(scope: Scope, filter: DeviceFilter, field: DeviceOrderField): Lead {
  if (scope.role === "dealer" || filter.dealerId != null) return "dealerId";
  if (filter.customerId != null) return "customerId";
  if (filter.hasOpenAlerts || filter.openAlertSeverity) return "openAlerts";
  if (field !== "KEY") return FIRST_COLUMN[field];
  // These have to be sorted by key, where `devices_by_status` is so already.
  if (filter.serialPrefix) return "serialNumber";
  if (filter.registered != null) return "registeredAt";
  return filter.status ? "status" : "key";
}

/**
 * Where one value leads, its index goes on by key, and a stretch of keys is a stretch of it: the few devices of a source
 * that have a rare status are found without walking those of the others. Of several dealers that is not so.
 */
const isByKey = ({ role }: Scope, lead: Lead | null): boolean =>
  lead === "status" || (role !== "dealer" && (lead === "dealerId" || lead === "customerId"));

type Stretches = Partial<Record<Lead, Stretch>>;

function stretchesOf({ source, keyPrefix, serialPrefix, registered, updatedSince }: DeviceFilter): Stretches {
  const key = keyPrefix || (source && `${source}:`);
  return {
    ...(key && { key: startingWith(key) }),
    ...(serialPrefix && { serialNumber: startingWith(serialPrefix) }),
    ...(registered && { registeredAt: registered }),
    ...(updatedSince && { updatedOn: { from: dayOf(updatedSince) } }),
  };
}

/** @param lead `null` where the order of the list leads */
function matching(scope: Scope, filter: DeviceFilter, lead: Lead | null): SQL | undefined {
  const { status, dealerId, customerId, updatedSince } = filter;
  const column = (name: Exclude<Lead, "openAlerts">) =>
    name === lead || (name === "key" && isByKey(scope, lead)) ? devices[name] : checked(devices[name]);
  const stretches = Object.entries(stretchesOf(filter)) as [Exclude<Lead, "openAlerts">, Stretch][];
  return and(
    visibleTo(scope),
    dealerId != null ? sql`${column("dealerId")} = ${dealerId}` : undefined,
    customerId != null ? sql`${column("customerId")} = ${customerId}` : undefined,
    status ? sql`${column("status")} = ${status}` : undefined,
    ...stretches.map(([name, stretch]) => within(column(name), stretch)),
    updatedSince != null ? sql`${devices.latest} >= ${updatedSince}` : undefined,
    alerted(scope, filter, lead),
  );
}

function alerted(scope: Scope, { hasOpenAlerts, openAlertSeverity }: DeviceFilter, lead: Lead | null): SQL | undefined {
  const isAlerted = lead === "openAlerts" ? isAmongAlerted : (severity?: Severity) => hasOpenAlert(scope, severity);
  return and(
    hasOpenAlerts === true ? isAlerted() : undefined,
    hasOpenAlerts === false ? not(hasOpenAlert(scope)) : undefined,
    openAlertSeverity ? isAlerted(openAlertSeverity) : undefined,
  );
}

const isOpenOf = (severity?: Severity): SQL | undefined =>
  and(isOpen, severity ? sql`${alerts.severity} = ${severity}` : undefined);

/** Collects the devices of all open alerts and looks them up. Nobody but who sees every alert may be answered so. */
const isAmongAlerted = (severity?: Severity): SQL =>
  sql`${devices.key} IN (SELECT ${alerts.deviceKey} FROM ${OPEN_ALERTS} WHERE ${isOpenOf(severity)})`;

/** Asks each device in turn, which the plus holds SQLite to. */
const hasOpenAlert = (scope: Scope, severity?: Severity): SQL =>
  sql`EXISTS (SELECT 1 FROM ${OPEN_ALERTS} WHERE ${and(
    sql`${alerts.deviceKey} = ${checked(devices.key)}`,
    isOpenOf(severity),
    raisedInOwnInterval(scope),
  )})`;

const foundDevice = ({ key, aspects, latest }: Pick<DeviceRow, "key" | "aspects" | "latest">): FoundDevice => ({
  key,
  ...viewDevice({ aspects, latest }),
});

const edgeOf = (field: DeviceOrderField) => ({
  cursor: (row: DeviceRow): Cursor => KEYSETS[field].cursorOf(row),
  node: foundDevice,
});
