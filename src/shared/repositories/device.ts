import { and, not, type SQL, sql } from "drizzle-orm";
import * as z from "zod";
import { actorName } from "#auth/actor.ts";
import type { Scope } from "#auth/scope.ts";
import type { Severity } from "#domain/change.ts";
import { type Device, type DeviceStatus, type DeviceView, viewDevice } from "#domain/device.ts";
import type { DeviceKey, Source } from "#domain/event.ts";
import { utcDay } from "#domain/time.ts";
import { compareText } from "#domain/version.ts";
import { isOpen, OPEN_ALERTS } from "./alert.ts";
import { findsMore, foundDevices, foundKeys } from "./device-search.ts";
import { isKept, KeptCounts } from "./kept-counts.ts";
import { anyPart, isInRanges, type KeyRange, Keyset, MomentText, prefixRange, unindexed } from "./keyset.ts";
import { isOneOf, jsonEach, valuesOf } from "./one-of.ts";
import { type Cursor, type Page, type PageRequest, rowsFor, toPage } from "./page.ts";
import { Repository } from "./repository.ts";
import { columnsOf } from "./scoped-table.ts";
import type { ReadHandle } from "./table-reader.ts";
import { alerts, devices } from "./tables.ts";
import { DEVICE_RELATIONS, DEVICES, raisedInOwnInterval } from "./visibility.ts";

/** A device as it was read, with its key. */
export type FoundDevice = Omit<DeviceView, "desiredBy"> & {
  readonly key: DeviceKey;
  /** The subject of who set the desired state, or else the role, as far as the caller may know; `null` if nobody said. */
  readonly desiredBy: string | null;
};

/** Conditions that all have to hold; absent and null are no condition. Times are `Moment`s, as `parseTime` returns them. */
export type DeviceFilter = {
  readonly status?: DeviceStatus | null | undefined;
  /** One of these. An empty list matches nothing, here and in every other list of values. */
  readonly statuses?: readonly DeviceStatus[] | null | undefined;
  readonly source?: Source | null | undefined;
  /** One of these. */
  readonly sources?: readonly Source[] | null | undefined;
  /** Whether nobody has the device. A dealer sees none of those. */
  readonly unassigned?: boolean | null | undefined;
  readonly dealerId?: string | null | undefined;
  readonly customerId?: string | null | undefined;
  /**
   * Words that the name, the serial number or the customer's name has, without case and accents; the last one may be the
   * beginning of a word. At most `MAX_FOUND` devices are found, of the dealer if there is one; the other conditions,
   * `customerId` too, are applied to those.
   */
  readonly search?: string | null | undefined;
  /** How the key begins: `elt:ELT45-`. Case matters, as for the serial number. */
  readonly keyPrefix?: string | null | undefined;
  readonly serialPrefix?: string | null | undefined;
  /** Whether the device has an open alert that the scope may see. */
  readonly hasOpenAlerts?: boolean | null | undefined;
  /** The device has an open alert of this severity that the scope may see. */
  readonly openAlertSeverity?: Severity | null | undefined;
  readonly registered?: KeyRange | null | undefined;
  readonly updatedSince?: string | null | undefined;
};

/**
 * Devices are sorted by this and then by key. Devices without a value sort lowest. `UPDATED_DAY` is the UTC day of the
 * newest event; `UPDATED` is its former name.
 */
export type DeviceOrderField = "KEY" | "SERIAL_NUMBER" | "REGISTERED" | "UPDATED_DAY" | "UPDATED";

/** Absent and null: ascending, by the field of the filter's range, which is cheapest, or else by key. */
export type DeviceOrder = {
  readonly field?: DeviceOrderField | null | undefined;
  readonly direction?: "ASC" | "DESC" | null | undefined;
};

/** Which devices a list has, and in which order. */
export type DeviceListing = { readonly filter?: DeviceFilter; readonly order?: DeviceOrder };

/** The column by which devices of many owners are listed at once. */
export type DeviceOwner = "dealerId" | "customerId";

const Key = z.string().max(80);
const SerialNumber = z.string().max(64).nullable();
const RegisteredAt = MomentText.nullable();

/** Cursors of both names are the same. */
const BY_DAY = new Keyset(devices, "UPDATED", { updatedOn: z.string().max(10), key: Key }, "ascending");

/** Each order has an index. */
const KEYSETS = {
  KEY: new Keyset(devices, "KEY", { key: Key }, "ascending"),
  SERIAL_NUMBER: new Keyset(devices, "SERIAL_NUMBER", { serialNumber: SerialNumber, key: Key }, "ascending"),
  REGISTERED: new Keyset(devices, "REGISTERED", { registeredAt: RegisteredAt, key: Key }, "ascending"),
  UPDATED_DAY: BY_DAY,
  UPDATED: BY_DAY,
} as const;

/** The schema of a list's cursors. Each order has its own. */
export const deviceCursorSchema = ({ filter = {}, order = {} }: DeviceListing): z.ZodType<Cursor> =>
  KEYSETS[orderField(filter, order)].cursor;

const COLUMNS = ["key", "aspects", "latest", "serialNumber", "registeredAt", "updatedOn"] as const;
type DeviceRow = Pick<typeof devices.$inferSelect, (typeof COLUMNS)[number]>;

/** Devices as merged so far, usually less than a second behind the queue. A dealer sees the devices that are its own now. */
export class DeviceRepository extends Repository<typeof devices> {
  readonly rows = DEVICES;
  readonly orders = KEYSETS;
  readonly relations = DEVICE_RELATIONS;
  readonly #counts: KeptCounts;

  constructor(handle: ReadHandle) {
    super(handle);
    this.#counts = new KeptCounts(handle);
  }

  /** In no particular order; devices that do not exist or are out of scope are left out. */
  async findAll(scope: Scope, keys: readonly string[]): Promise<FoundDevice[]> {
    const rows = await this.unscoped.findManyById(keys, {
      select: COLUMNS,
      on: sql`${devices.key} = ids.value`,
      where: DEVICES.visibleTo(scope),
    });
    return rows.map(foundDevice(scope));
  }

  /** A page of the devices that match, in one of the orders, each with an index. @param page with cursors of `deviceCursorSchema` */
  async list(
    scope: Scope,
    page: PageRequest,
    { filter = {}, order = {} }: DeviceListing = {},
  ): Promise<Page<FoundDevice>> {
    const field = orderField(filter, order);
    const lead = chooseLead(scope, filter, field);
    const keyset = order.direction === "DESC" ? KEYSETS[field].reversed : KEYSETS[field];
    const ordered = FIRST_COLUMN[field];
    const isInOrder = lead === ordered || (ordered === "key" && isByKey(scope, lead));
    const rows = await this.unscoped.findSlice(
      { select: COLUMNS, where: matching(scope, filter, { lead, isFrom: true, without: isInOrder ? ordered : null }) },
      { page, keyset, ...(isInOrder && { ranges: filterRanges(filter)[ordered] }) },
      sourceOf(scope, filter, lead),
    );
    return toPage(rows, page, deviceEdge(scope, field));
  }

  /**
   * How many there are. `null` when there are more than `MAX_COUNT`, unless the filter has nothing but dealer, source and
   * status: those counts are kept.
   */
  async countAll(scope: Scope, filter: DeviceFilter = {}): Promise<number | null> {
    const kept = isKept(filter) ? await this.#counts.countDevices(scope, filter) : null;
    if (kept !== null) return kept;
    const lead = chooseLead(scope, filter, orderField(filter, {}));
    if (await this.#findsMore(scope, filter)) return null;
    return this.unscoped.count(matching(scope, filter, { lead, isFrom: true }), sourceOf(scope, filter, lead));
  }

  /** The same page of each owner's devices, by key, in one statement. Owners without devices are left out. */
  async findPagesByOwner(
    scope: Scope,
    { owner, ids }: { readonly owner: DeviceOwner; readonly ids: readonly string[] },
    { page, filter = {} }: { readonly page: PageRequest; readonly filter?: DeviceFilter },
  ): Promise<Map<string, Page<FoundDevice>>> {
    const orderBy = KEYSETS.KEY.orderBy(page);
    const where = and(
      isOfOwner(owner),
      matching(scope, filter, { lead: owner, dealerIds: dealersOf(owner, ids) }),
      anyPart(KEYSETS.KEY.parts(page)),
    );
    // The inner table has the same name as the outer one, so that the conditions apply to the inner one.
    const rows = await this.unscoped.findMany(
      { select: [...COLUMNS, owner], orderBy },
      sql`SELECT ${devices}.* FROM ${jsonEach(ids)} AS ids CROSS JOIN ${devices} ON ${devices.key} IN (
        SELECT ${devices.key} FROM ${devices}
        WHERE ${where} ORDER BY ${sql.join(orderBy, sql`, `)} LIMIT ${rowsFor(page)})`,
    );
    const groups = Map.groupBy(rows, (row) => row[owner] as string);
    return new Map([...groups].map(([id, group]) => [id, toPage(group, page, deviceEdge(scope, "KEY"))]));
  }

  /** How many devices each owner has; `null` for more than `MAX_COUNT`, as for `countAll`. */
  async countByOwner(
    scope: Scope,
    { owner, ids }: { readonly owner: DeviceOwner; readonly ids: readonly string[] },
    filter: DeviceFilter = {},
  ): Promise<Map<string, number | null>> {
    const kept = owner === "dealerId" && isKept(filter) ? await this.#counts.countByDealer(scope, ids, filter) : null;
    if (kept !== null) return kept;
    const dealerIds = dealersOf(owner, ids);
    if (await this.#findsMore(scope, filter, dealerIds)) return new Map(ids.map((id) => [id, null]));
    return this.unscoped.countEach(ids, and(isOfOwner(owner), matching(scope, filter, { lead: owner, dealerIds })));
  }

  /** Whether more devices match a search than are found. */
  async #findsMore(scope: Scope, { search, dealerId }: DeviceFilter, dealerIds = oneOrAll(dealerId)): Promise<boolean> {
    if (search == null) return false;
    const [row] = await this.unscoped.select<{ more: number }>(
      sql`SELECT ${findsMore(scope, search, { dealerIds })} AS more`,
    );
    return Boolean(row?.more);
  }
}

const isOfOwner = (owner: DeviceOwner): SQL => sql`${devices[owner]} = ids.value`;

/** The dealers among whose devices a list by owner is searched: the first that are found may all be others'. */
const dealersOf = (owner: DeviceOwner, ids: readonly string[]): readonly string[] | undefined =>
  owner === "dealerId" ? ids : undefined;

const oneOrAll = (dealerId: string | null | undefined): readonly string[] | undefined =>
  dealerId == null ? undefined : [dealerId];

/** What a list is sorted by: as asked for, or else by the field of the filter's range. */
export const orderField = (filter: DeviceFilter, { field }: DeviceOrder): DeviceOrderField => {
  if (field != null) return field;
  if (filter.updatedSince != null) return "UPDATED_DAY";
  if (filter.registered != null) return "REGISTERED";
  return filter.serialPrefix ? "SERIAL_NUMBER" : "KEY";
};

const FIRST_COLUMN = {
  KEY: "key",
  SERIAL_NUMBER: "serialNumber",
  REGISTERED: "registeredAt",
  UPDATED_DAY: "updatedOn",
  UPDATED: "updatedOn",
} as const;

/**
 * The condition whose index finds the rows; the others only filter them. An owner has few devices, few devices have open
 * alerts or no dealer, and otherwise the list is walked in its order. SQLite has no statistics to choose an index by, so
 * the columns of the other conditions are kept from using one (`unindexed`).
 */
type Lead = DeviceOwner | "search" | "unassigned" | "openAlerts" | "status" | (typeof FIRST_COLUMN)[DeviceOrderField];

function chooseLead(scope: Scope, filter: DeviceFilter, field: DeviceOrderField): Lead {
  if (filter.search != null) return "search";
  if (scope.role === "dealer" || filter.dealerId != null) return "dealerId";
  if (filter.customerId != null) return "customerId";
  if (filter.hasOpenAlerts || filter.openAlertSeverity) return "openAlerts";
  if (filter.unassigned) return "unassigned";
  if (field !== "KEY") return FIRST_COLUMN[field];
  // These ranges have to be sorted by key; `devices_by_status` is sorted already.
  if (filter.serialPrefix) return "serialNumber";
  if (filter.registered != null) return "registeredAt";
  return valuesOf(filter.status, filter.statuses) ? "status" : "key";
}

/**
 * Whether the index of the leading condition is sorted by key below each of its values, so that a range of keys is a range
 * of the index: the few devices of a source with a rare status are found without reading others. Not so for several dealers.
 */
const isByKey = ({ role }: Scope, lead: Lead): boolean =>
  lead === "status" ||
  lead === "unassigned" ||
  lead === "openAlerts" ||
  (role !== "dealer" && (lead === "dealerId" || lead === "customerId"));

/** What the leading condition reads instead of the table, if SQLite would not find that by itself. */
function sourceOf(scope: Scope, filter: DeviceFilter, lead: Lead): SQL | readonly SQL[] | undefined {
  if (lead === "search") return foundDevices(scope, filter.search as string, { dealerIds: oneOrAll(filter.dealerId) });
  if (lead === "unassigned") return UNASSIGNED;
  if (lead === "openAlerts") return alertedDevices(filter.openAlertSeverity ?? undefined);
  // The index is sorted by key below one status, and not below several.
  return lead === "status" ? valuesOf(filter.status, filter.statuses)?.map(ofStatus) : undefined;
}

const ofStatus = (status: DeviceStatus): SQL => sql`SELECT * FROM ${devices} WHERE ${devices.status} = ${status}`;

const UNASSIGNED = sql`SELECT * FROM ${devices} INDEXED BY devices_unassigned WHERE ${devices.dealerId} IS NULL`;

type Column = Exclude<Lead, "search" | "openAlerts" | "unassigned">;
type Ranges = Partial<Record<Column, readonly KeyRange[]>>;

function filterRanges(filter: DeviceFilter): Ranges {
  const { serialPrefix, registered, updatedSince } = filter;
  const key = keyRanges(filter);
  return {
    ...(key && { key }),
    ...(serialPrefix && { serialNumber: [prefixRange(serialPrefix)] }),
    ...(registered && { registeredAt: [registered] }),
    ...(updatedSince && { updatedOn: [{ from: utcDay(updatedSince) }] }),
  };
}

/** A source is the beginning of a key too. Of two beginnings one begins with the other, or no key has both. */
function keyRanges({ source, sources, keyPrefix }: DeviceFilter): readonly KeyRange[] | undefined {
  const wanted = valuesOf(source, sources)?.toSorted(compareText);
  if (!wanted) return keyPrefix ? [prefixRange(keyPrefix)] : undefined;
  return wanted.flatMap((each) => {
    const [shorter, longer] = [keyPrefix || "", `${each}:`].toSorted((a, b) => a.length - b.length);
    return longer?.startsWith(shorter as string) ? [prefixRange(longer)] : [];
  });
}

type Matching = {
  readonly lead: Lead;
  /** Whether the rows are read from what the leading condition finds, so that it holds already. */
  readonly isFrom?: boolean;
  /** A column whose ranges the list's order has already. */
  readonly without?: Column | null;
  /** The dealers among whose devices a search looks, if not that of the filter. */
  readonly dealerIds?: readonly string[] | undefined;
};

function matching(
  scope: Scope,
  filter: DeviceFilter,
  { lead, isFrom = false, without = null, dealerIds = oneOrAll(filter.dealerId) }: Matching,
): SQL | undefined {
  const { dealerId, customerId, updatedSince, unassigned } = filter;
  const column = (name: Column) => (name === lead ? devices[name] : unindexed(devices[name]));
  const statuses = valuesOf(filter.status, filter.statuses);
  const ranges = (Object.entries(filterRanges(filter)) as [Column, readonly KeyRange[]][]).filter(
    ([name]) => name !== without,
  );
  const isInOneOf = ([name, its]: [Column, readonly KeyRange[]]) => {
    const isIndexed = its.length === 1 && name === "key" && isByKey(scope, lead);
    return isInRanges(isIndexed ? devices.key : column(name), its);
  };
  return and(
    DEVICES.visibleTo(scope),
    dealerId != null ? sql`${column("dealerId")} = ${dealerId}` : undefined,
    customerId != null ? sql`${column("customerId")} = ${customerId}` : undefined,
    unassigned === true && lead !== "unassigned" ? sql`${unindexed(devices.dealerId)} IS NULL` : undefined,
    unassigned === false ? sql`${unindexed(devices.dealerId)} IS NOT NULL` : undefined,
    statuses && !(isFrom && lead === "status") ? isOneOf(column("status"), statuses) : undefined,
    ...ranges.map(isInOneOf),
    updatedSince != null ? sql`${devices.latest} >= ${updatedSince}` : undefined,
    matchingAlerts(scope, filter, lead),
    filter.search != null && lead !== "search"
      ? sql`${unindexed(devices.key)} IN (${foundKeys(scope, filter.search, { dealerIds })})`
      : undefined,
  );
}

function matchingAlerts(scope: Scope, { hasOpenAlerts, openAlertSeverity }: DeviceFilter, lead: Lead): SQL | undefined {
  return and(
    hasOpenAlerts === false ? not(hasOpenAlert(scope)) : undefined,
    ...(lead === "openAlerts"
      ? []
      : [
          hasOpenAlerts === true ? hasOpenAlert(scope) : undefined,
          openAlertSeverity ? hasOpenAlert(scope, openAlertSeverity) : undefined,
        ]),
  );
}

const isOpenWith = (severity?: Severity): SQL | undefined =>
  and(isOpen, severity ? sql`${alerts.severity} = ${severity}` : undefined);

/**
 * The devices of all open alerts, in the order of their keys, each once: with the first of its alerts. So a page reads the
 * alerts of a page. Only for scopes that see every alert.
 */
function alertedDevices(severity?: Severity): SQL {
  const columns = Object.values(columnsOf(devices)).map((column) =>
    column === devices.key ? sql`open.device_key AS key` : sql`${column}`,
  );
  const isWanted = (alias: string) =>
    and(sql.raw(`${alias}.state = 'OPEN'`), severity ? sql`${sql.raw(`${alias}.severity`)} = ${severity}` : undefined);
  return sql`SELECT ${sql.join(columns, sql`, `)} FROM ${alerts} AS open INDEXED BY open_alerts_by_device
    CROSS JOIN ${devices} ON ${devices.key} = open.device_key
    WHERE ${isWanted("open")} AND NOT EXISTS (SELECT 1 FROM ${alerts} AS earlier INDEXED BY open_alerts_by_device
      WHERE ${isWanted("earlier")} AND earlier.device_key = open.device_key
        AND (ifnull(earlier.severity, ''), earlier.alert_id) < (ifnull(open.severity, ''), open.alert_id))`;
}

/** Checks each device in turn. `unindexed` keeps SQLite from starting with the alerts. */
const hasOpenAlert = (scope: Scope, severity?: Severity): SQL =>
  sql`EXISTS (SELECT 1 FROM ${OPEN_ALERTS} WHERE ${and(
    sql`${alerts.deviceKey} = ${unindexed(devices.key)}`,
    isOpenWith(severity),
    raisedInOwnInterval(scope),
  )})`;

/** A device as a scope may see it, from its registers. */
export function seenDevice(scope: Scope, key: DeviceKey, device: Pick<Device, "aspects" | "latest">): FoundDevice {
  const view = viewDevice(device);
  return { key, ...view, desiredBy: actorName(scope, view.desiredBy) };
}

const foundDevice =
  (scope: Scope) =>
  ({ key, aspects, latest }: Pick<DeviceRow, "key" | "aspects" | "latest">): FoundDevice =>
    seenDevice(scope, key, { aspects, latest });

const deviceEdge = (scope: Scope, field: DeviceOrderField) => ({
  cursor: (row: DeviceRow): Cursor => KEYSETS[field].toCursor(row),
  node: foundDevice(scope),
});
