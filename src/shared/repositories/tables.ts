import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type { Alert, AlertState } from "#domain/alert.ts";
import type { Customer, Dealer, Severity } from "#domain/change.ts";
import type { Aspects, DeviceStatus } from "#domain/device.ts";
import type { DeviceKey, Source } from "#domain/event.ts";
import type { ForgottenId } from "#domain/forgotten.ts";
import type { Version } from "#domain/version.ts";

/*
 * The fleet's tables in D1; those of the operations API are in `ops-tables.ts`. An index costs a written row whenever
 * its column changes, so each one here serves a filter of the read API.
 *
 * All tables of the database but `dead_letters` are WITHOUT ROWID, which saves a row on insert; drizzle cannot express
 * that, so it is added in the migration. There are no foreign keys, because events name dealers and customers in any
 * order. What belongs to what is declared in `visibility.ts`, and docs/tables.md is written from both.
 */

/** Devices, as merged so far. One JSON column holds the state, in the domain's form; the others are for indexes. */
export const devices = sqliteTable(
  "devices",
  {
    /** `{source}:{deviceId}`. */
    key: text().$type<DeviceKey>().primaryKey(),
    /** The state: each register with the version that set it. The columns below but `latest` and `revision` follow from it. */
    aspects: text({ mode: "json" }).$type<Aspects>().notNull(),
    /** The newest version of any event of the device. */
    latest: text().$type<Version>().notNull(),
    /** The number of writes. An update names the revision that was read, and fails if another write came first. */
    revision: integer().notNull(),
    /** Unregistered, registered, online, offline or retired, by the registration and the last report. */
    status: text().$type<DeviceStatus>().notNull(),
    /** `null` until the device is registered. */
    serialNumber: text("serial_number"),
    /** The dealer that has the device now, in the ids of the device's source. */
    dealerId: text("dealer_id"),
    /** The customer that has the device now, in the ids of the device's source. */
    customerId: text("customer_id"),
    /** When the device was registered; `null` while it is not, also after a removal. */
    registeredAt: text("registered_at"),
    /**
     * The UTC day of `latest`. An index over the time would cost a row for every event, over the day one per day. Empty only
     * in rows written by a release from before this column.
     */
    updatedOn: text("updated_on").notNull().default(""),
  },
  (t) => [
    index("devices_by_status").on(t.status),
    index("devices_by_serial_number").on(t.serialNumber),
    // Looked up by value only, and most new devices have neither yet: without an entry for null, a first write costs two
    // rows less. The other columns are sorted by, and a list shows those without a value too.
    index("devices_by_dealer").on(t.dealerId).where(sql`${t.dealerId} IS NOT NULL`),
    /** Finds the devices that nobody has, in the order of their keys. */
    index("devices_unassigned").on(t.key).where(sql`${t.dealerId} IS NULL`),
    index("devices_by_customer").on(t.customerId).where(sql`${t.customerId} IS NOT NULL`),
    index("devices_by_registered_at").on(t.registeredAt),
    index("devices_by_updated_on").on(t.updatedOn),
  ],
);

/** Alerts of devices, stored like devices. An alert may arrive before its device, and its end before its raise. */
export const alerts = sqliteTable(
  "alerts",
  {
    /** The device that raised it. */
    deviceKey: text("device_key").$type<DeviceKey>().notNull(),
    /** Unique within the device. */
    alertId: text("alert_id").notNull(),
    /** The state: what was raised, and how far it is. The columns below but `revision` follow from it. */
    alert: text({ mode: "json" }).$type<Alert>().notNull(),
    /** The number of writes, as of a device. */
    revision: integer().notNull(),
    /** Open, acknowledged or cleared. */
    state: text().$type<AlertState>().notNull(),
    /** `null` until the raise has arrived. */
    severity: text().$type<Severity>(),
    /** When it was raised; `null` until the raise has arrived. */
    raisedAt: text("raised_at"),
  },
  (t) => [
    primaryKey({ columns: [t.deviceKey, t.alertId] }),
    index("alerts_by_raised_at").on(t.raisedAt),
    index("alerts_by_state").on(t.state, t.raisedAt),
    /**
     * Finds the alerts of each state, severity and source in the order of lists. It is written with each change of the
     * state, like `alerts_by_state`, which the release before still needs.
     */
    index("alerts_by_kind").on(
      t.state,
      t.severity,
      sql`substr(${t.deviceKey}, 1, instr(${t.deviceKey}, ':') - 1)`,
      t.raisedAt,
    ),
    /** Finds a device's open alerts, however many others it has. Other alerts cost nothing in it. */
    index("open_alerts_by_device").on(t.deviceKey, t.severity).where(sql`${t.state} = 'OPEN'`),
  ],
);

/** Every event that assigned a device to a dealer, or to none. The intervals follow from them. */
export const assignments = sqliteTable(
  "assignments",
  {
    /** The device that was assigned. */
    deviceKey: text("device_key").$type<DeviceKey>().notNull(),
    /** When: the interval goes to the next version of the device with another dealer. */
    version: text().$type<Version>().notNull(),
    /** Who has the device from then on; `null` for nobody. */
    dealerId: text("dealer_id"),
  },
  (t) => [primaryKey({ columns: [t.deviceKey, t.version] })],
);

/** The source of a record; `""` for records from before sources were stored. */
export type RecordSource = Source | "";

/** Each source's record of a dealer; see `party.ts`. The key begins with the id, because reads are by id. */
export const dealers = sqliteTable(
  "dealer_records",
  {
    /** In the ids of the source. */
    id: text("dealer_id").notNull(),
    /** Who published the record. */
    source: text().$type<RecordSource>().notNull(),
    /** The version of the record: an older event changes nothing. */
    version: text().$type<Version>().notNull(),
    /** The record, as the source published it. */
    value: text({ mode: "json" }).$type<Dealer>().notNull(),
    /** Derived from `value`. */
    name: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.id, t.source] }), index("dealer_records_by_name").on(t.name, t.id)],
);

/** Each source's record of a customer. */
export const customers = sqliteTable(
  "customer_records",
  {
    /** In the ids of the source. */
    id: text("customer_id").notNull(),
    /** Who published the record. */
    source: text().$type<RecordSource>().notNull(),
    /** The version of the record: an older event changes nothing. */
    version: text().$type<Version>().notNull(),
    /** The record, as the source published it. */
    value: text({ mode: "json" }).$type<Customer>().notNull(),
    /** Derived from `value`. */
    name: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.id, t.source] }), index("customer_records_by_name").on(t.name, t.id)],
);

/** Dealers from before sources were stored. Triggers copy what an older release still writes during a deployment. */
export const formerDealers = sqliteTable(
  "dealers",
  {
    /** As `dealer_records.dealer_id`. */
    dealerId: text("dealer_id").primaryKey(),
    /** As `dealer_records.version`. */
    version: text().$type<Version>().notNull(),
    /** As `dealer_records.value`. */
    value: text({ mode: "json" }).$type<Dealer>().notNull(),
    /** Derived from `value`. */
    name: text().notNull().default(""),
  },
  (t) => [index("dealers_by_name").on(t.name)],
);

/** Customers from before sources were stored. */
export const formerCustomers = sqliteTable(
  "customers",
  {
    /** As `customer_records.customer_id`. */
    customerId: text("customer_id").primaryKey(),
    /** As `customer_records.version`. */
    version: text().$type<Version>().notNull(),
    /** As `customer_records.value`. */
    value: text({ mode: "json" }).$type<Customer>().notNull(),
    /** Derived from `value`. */
    name: text().notNull().default(""),
  },
  (t) => [index("customers_by_name").on(t.name)],
);

/** Leases of devices and dealers that have subscribers: see `WatchRepository`. */
export const watches = sqliteTable("watches", {
  /** `device {key}` or `dealer {dealerId}`. */
  id: text().primaryKey(),
  /** When the lease expires, by D1's clock. */
  untilMs: integer("until_ms").notNull(),
});

/**
 * How many devices each dealer has, by source and status. Triggers keep it in step in the transaction that writes a device;
 * an event that changes neither status nor dealer writes nothing here.
 */
export const deviceCounts = sqliteTable(
  "device_counts",
  {
    /** The dealer that has them now; `""` for nobody. */
    dealerId: text("dealer_id").notNull(),
    /** Who publishes their events. */
    source: text().$type<Source>().notNull(),
    /** As `devices.status`. */
    status: text().$type<DeviceStatus>().notNull(),
    /** How many there are. A row stays when they are none. */
    devices: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.dealerId, t.source, t.status] })],
);

/** How many open alerts there are, kept like `device_counts`. */
export const openAlertCounts = sqliteTable(
  "open_alert_counts",
  {
    /** The dealer that has their devices now; `""` for nobody. */
    dealerId: text("dealer_id").notNull(),
    /** The dealer that had the device when the alert was raised; `""` for nobody, and until the raise has arrived. */
    raisedUnder: text("raised_under").notNull(),
    /** Who publishes the events of their devices. */
    source: text().$type<Source>().notNull(),
    /** As `alerts.severity`; `""` until the raise has arrived. */
    severity: text().$type<Severity | "">().notNull(),
    /** How many there are. A row stays when they are none. */
    alerts: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.dealerId, t.raisedUnder, t.source, t.severity] })],
);

/** How far each table that follows from the devices has been filled with those from before its migration. */
export const fillProgress = sqliteTable("fill_progress", {
  /** What is filled: `counts`, `search`. */
  name: text().primaryKey(),
  /** Devices up to this key are in it, and triggers keep them there. `~`, which is behind every key: all of them are. */
  through: text().notNull(),
});

/**
 * What devices are found by; only devices that have any of it. Triggers keep it in step, and the full-text index
 * `device_search` over it, which drizzle cannot express. An event that changes none of it writes nothing here.
 */
export const deviceTexts = sqliteTable(
  "device_texts",
  {
    /** The row of the index. */
    id: integer().primaryKey(),
    /** As `devices.key`. */
    key: text().$type<DeviceKey>().notNull(),
    /** From its profile. */
    name: text().notNull(),
    /** As `devices.serial_number`. */
    serial: text().notNull(),
    /** Its customer's name, as the device's own source has it. */
    customer: text().notNull(),
    /** Its dealer as one word, so that a dealer's search reads the dealer's own devices: `d` and the id's bytes in hex. */
    owner: text().notNull(),
  },
  (t) => [uniqueIndex("device_texts_by_key").on(t.key)],
);

/** Customers with another name and with more devices than the event that said so goes through. */
export const renamedCustomers = sqliteTable(
  "renamed_customers",
  {
    /** As `customer_records.customer_id`. */
    customerId: text("customer_id").notNull(),
    /** As `customer_records.source`. */
    source: text().$type<Source>().notNull(),
    /** The next device that may still have the former name. */
    through: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.customerId, t.source] })],
);

/**
 * Who was forgotten. The consumer reads it with each merge, so that a replay, a backfill or a late record brings back
 * nothing: docs/decisions/0056-a-person-forgotten.md
 */
export const forgotten = sqliteTable(
  "forgotten",
  {
    /** `customer {source}:{customerId}` or `device {key}`. */
    id: text().$type<ForgottenId>().primaryKey(),
    /**
     * Of a device: events that occurred up to then are somebody's who was forgotten. Of a customer: when it was forgotten;
     * what names the customer is redacted for ever.
     */
    untilMs: integer("until_ms").notNull(),
    /** The request to forget; its certificate is kept in the archive under this id. */
    requestId: text("request_id").notNull(),
    /** When everything that was stored had been redacted; `null` while the job is at it, and for a device that was found since. */
    redactedAtMs: integer("redacted_at_ms"),
  },
  (t) => [index("forgotten_to_redact").on(t.id).where(sql`${t.redactedAtMs} IS NULL`)],
);
