import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { Alert, AlertState } from "../domain/alert.ts";
import type { Customer, Dealer, Severity } from "../domain/change.ts";
import type { Aspects, DeviceStatus } from "../domain/device.ts";
import type { DeviceKey } from "../domain/event.ts";
import type { MergeOutcome } from "../domain/outcome.ts";
import type { Version } from "../domain/version.ts";
import type { Failure, Letter } from "../queue/letter.ts";
import type { QueuedRecord } from "../queue/parcel.ts";

/**
 * The schema of D1. In `devices` and `alerts` one JSON column is the state, as the domain knows it, and the columns
 * beside it are derived from it so that indexes can find it. Every index costs a row written whenever its column
 * changes, so each one here answers a filter of the read API.
 *
 * All tables but `dead_letters` are WITHOUT ROWID (drizzle cannot say so: it stands in the migration), which saves a
 * row on insert. No foreign keys: events name dealers and customers in any order.
 */
export const devices = sqliteTable(
  "devices",
  {
    key: text().$type<DeviceKey>().primaryKey(),
    aspects: text({ mode: "json" }).$type<Aspects>().notNull(),
    latest: text().$type<Version>().notNull(),
    /** Counts writes; a writer names the revision it read, and loses when another was faster. */
    revision: integer().notNull(),
    status: text().$type<DeviceStatus>().notNull(),
    serialNumber: text("serial_number"),
    dealerId: text("dealer_id"),
    customerId: text("customer_id"),
    /** When it was registered; `null` while it is not, and once that was taken back. */
    registeredAt: text("registered_at"),
    /**
     * The UTC day of `latest`. The time itself in an index would cost a row for every event, the day costs one a day.
     * Only a Worker from before this column leaves it empty.
     */
    updatedOn: text("updated_on").notNull().default(""),
  },
  (t) => [
    index("devices_by_status").on(t.status),
    index("devices_by_serial_number").on(t.serialNumber),
    index("devices_by_dealer").on(t.dealerId),
    index("devices_by_customer").on(t.customerId),
    index("devices_by_registered_at").on(t.registeredAt),
    index("devices_by_updated_on").on(t.updatedOn),
  ],
);

export const alerts = sqliteTable(
  "alerts",
  {
    deviceKey: text("device_key").$type<DeviceKey>().notNull(),
    alertId: text("alert_id").notNull(),
    alert: text({ mode: "json" }).$type<Alert>().notNull(),
    revision: integer().notNull(),
    state: text().$type<AlertState>().notNull(),
    severity: text().$type<Severity>(),
    raisedAt: text("raised_at"),
  },
  (t) => [
    primaryKey({ columns: [t.deviceKey, t.alertId] }),
    index("alerts_by_raised_at").on(t.raisedAt),
    index("alerts_by_state").on(t.state, t.raisedAt),
    /** A device's open alerts, however many it has had over the years. One that is no longer open costs nothing. */
    index("open_alerts_by_device").on(t.deviceKey, t.severity).where(sql`${t.state} = 'OPEN'`),
  ],
);

export const assignments = sqliteTable(
  "assignments",
  {
    deviceKey: text("device_key").$type<DeviceKey>().notNull(),
    version: text().$type<Version>().notNull(),
    dealerId: text("dealer_id"),
  },
  (t) => [primaryKey({ columns: [t.deviceKey, t.version] })],
);

export const dealers = sqliteTable(
  "dealers",
  {
    dealerId: text("dealer_id").primaryKey(),
    version: text().$type<Version>().notNull(),
    value: text({ mode: "json" }).$type<Dealer>().notNull(),
    /** Derived from `value`. Only a Worker from before this column leaves it empty. */
    name: text().notNull().default(""),
  },
  (t) => [index("dealers_by_name").on(t.name)],
);

export const customers = sqliteTable(
  "customers",
  {
    customerId: text("customer_id").primaryKey(),
    version: text().$type<Version>().notNull(),
    value: text({ mode: "json" }).$type<Customer>().notNull(),
    /** As in `dealers`. */
    name: text().notNull().default(""),
  },
  (t) => [index("customers_by_name").on(t.name)],
);

/** Who watches what: see `WatchRepository`. */
export const watches = sqliteTable("watches", {
  id: text().primaryKey(),
  untilMs: integer("until_ms").notNull(),
});

export const LETTER_STATES = ["open", "replaying", "resolved"] as const;
export type LetterState = (typeof LETTER_STATES)[number];

export const deadLetters = sqliteTable(
  "dead_letters",
  {
    id: text().primaryKey(),
    state: text().$type<LetterState>().notNull(),
    topic: text().notNull(),
    eventId: text("event_id"),
    deviceKey: text("device_key"),
    stage: text().$type<Letter["stage"]>().notNull(),
    reason: text().$type<Failure["reason"]>().notNull(),
    /** The failure whole, as JSON: its issues, its error, how far ahead its clock was. */
    failure: text({ mode: "json" }).$type<Failure>().notNull(),
    /** The record whole, as JSON, with the exact text of its value. */
    record: text({ mode: "json" }).$type<QueuedRecord>().notNull(),
    failures: integer().notNull(),
    firstFailedAtMs: integer("first_failed_at_ms").notNull(),
    lastFailedAtMs: integer("last_failed_at_ms").notNull(),
    contractVersion: integer("contract_version"),
    workerVersion: text("worker_version").notNull(),
    traceparent: text(),
    replays: integer().notNull().default(0),
    /** When the last replay was sent; a replay that never comes back is given up by this time. */
    replayedAtMs: integer("replayed_at_ms"),
    /** What became of the last replay: applied, unchanged, duplicate or superseded. */
    outcome: text().$type<MergeOutcome>(),
    /** When that was: a failure from before it that arrives late does not open the letter again. */
    settledAtMs: integer("settled_at_ms"),
  },
  (t) => [index("dead_letters_by_state").on(t.state, sql`${t.lastFailedAtMs} DESC`, t.id)],
);
