import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { AlertKind } from "../desk/alert-rules.ts";
import type { AuditAction, Run } from "../desk/api.ts";
import type { GroupState, LetterState } from "../desk/states.ts";
import type { Alert, AlertState } from "../domain/alert.ts";
import type { Customer, Dealer, Severity } from "../domain/change.ts";
import type { Aspects, DeviceStatus } from "../domain/device.ts";
import type { DeviceKey, Source } from "../domain/event.ts";
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

/** Whose words a record has; `""` where it is from before anybody noted that. */
export type RecordSource = Source | "";

/** What each source says of a dealer; see `party.ts`. By id first: what is asked for is an id, and few sources name it. */
export const dealers = sqliteTable(
  "dealer_records",
  {
    id: text("dealer_id").notNull(),
    source: text().$type<RecordSource>().notNull(),
    version: text().$type<Version>().notNull(),
    value: text({ mode: "json" }).$type<Dealer>().notNull(),
    /** Derived from `value`. */
    name: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.id, t.source] }), index("dealer_records_by_name").on(t.name, t.id)],
);

/** The same of a customer. */
export const customers = sqliteTable(
  "customer_records",
  {
    id: text("customer_id").notNull(),
    source: text().$type<RecordSource>().notNull(),
    version: text().$type<Version>().notNull(),
    value: text({ mode: "json" }).$type<Customer>().notNull(),
    /** Derived from `value`. */
    name: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.id, t.source] }), index("customer_records_by_name").on(t.name, t.id)],
);

/** As they were kept before anybody noted who said what. Triggers carry over what a Worker of then still writes. */
export const formerDealers = sqliteTable(
  "dealers",
  {
    dealerId: text("dealer_id").primaryKey(),
    version: text().$type<Version>().notNull(),
    value: text({ mode: "json" }).$type<Dealer>().notNull(),
    name: text().notNull().default(""),
  },
  (t) => [index("dealers_by_name").on(t.name)],
);

export const formerCustomers = sqliteTable(
  "customers",
  {
    customerId: text("customer_id").primaryKey(),
    version: text().$type<Version>().notNull(),
    value: text({ mode: "json" }).$type<Customer>().notNull(),
    name: text().notNull().default(""),
  },
  (t) => [index("customers_by_name").on(t.name)],
);

/** Who watches what: see `WatchRepository`. */
export const watches = sqliteTable("watches", {
  id: text().primaryKey(),
  untilMs: integer("until_ms").notNull(),
});

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
    /** The fingerprint of its failure. Only a Worker from before this column leaves it empty; the sweep fills it in. */
    groupId: text("group_id"),
    signature: text(),
    /** What may be searched: nothing personal. */
    search: text().notNull().default(""),
    /** Counts edits; the record itself stays as it came. */
    revision: integer().notNull().default(0),
    /** The text that a replay sends in the place of the record's value. */
    edited: text(),
    /** The run that sent it last. */
    runId: text("run_id"),
    discardReason: text("discard_reason"),
    discardedAtMs: integer("discarded_at_ms"),
    /** When its value was let go of, because it was kept for long enough or its group has too many. */
    emptiedAtMs: integer("emptied_at_ms"),
  },
  (t) => {
    const newest = sql`${t.lastFailedAtMs} DESC`;
    return [
      index("dead_letters_by_state").on(t.state, newest, t.id),
      index("dead_letters_by_group").on(t.groupId, t.state, newest, t.id),
      index("dead_letters_by_topic").on(t.topic, t.state, newest, t.id),
      index("dead_letters_by_device").on(t.deviceKey, t.state, newest, t.id),
    ];
  },
);

/** Letters of one fingerprint. Triggers on `dead_letters` keep the counts, so they are exact whoever writes a letter. */
export const letterGroups = sqliteTable(
  "letter_groups",
  {
    id: text().primaryKey(),
    state: text().$type<GroupState>().notNull(),
    topic: text().notNull(),
    reason: text().$type<Failure["reason"]>().notNull(),
    signature: text().notNull(),
    /** Letters that were ever in it, and their failures. */
    letters: integer().notNull(),
    failures: integer().notNull(),
    open: integer().notNull(),
    replaying: integer().notNull(),
    resolved: integer().notNull(),
    discarded: integer().notNull(),
    quarantined: integer().notNull(),
    firstFailedAtMs: integer("first_failed_at_ms").notNull(),
    lastFailedAtMs: integer("last_failed_at_ms").notNull(),
    /** When it was opened, or regressed. */
    openedAtMs: integer("opened_at_ms").notNull(),
    note: text(),
    changedBy: text("changed_by"),
    changedAtMs: integer("changed_at_ms"),
  },
  (t) => [
    index("letter_groups_by_state").on(t.state, sql`${t.lastFailedAtMs} DESC`, t.id),
    index("letter_groups_by_last_failure").on(sql`${t.lastFailedAtMs} DESC`, t.id),
    index("letter_groups_by_topic").on(t.topic, sql`${t.lastFailedAtMs} DESC`, t.id),
    index("letter_groups_by_reason").on(t.reason, sql`${t.lastFailedAtMs} DESC`, t.id),
  ],
);

/** Failures of a group by hour, counted by triggers, for as long as a trend goes back. */
export const letterGroupHours = sqliteTable(
  "letter_group_hours",
  {
    groupId: text("group_id").notNull(),
    /** Counted from 1970. */
    hour: integer().notNull(),
    failures: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.groupId, t.hour] })],
);

/** The letters of all groups of a reason by state, counted by triggers, so that nobody has to read all groups. */
export const letterDepths = sqliteTable("letter_depths", {
  reason: text().$type<Failure["reason"]>().primaryKey(),
  open: integer().notNull(),
  replaying: integer().notNull(),
  resolved: integer().notNull(),
  discarded: integer().notNull(),
  quarantined: integer().notNull(),
});

/** Every edit of a letter, each against the payload before it. */
export const letterRevisions = sqliteTable(
  "letter_revisions",
  {
    letterId: text("letter_id").notNull(),
    revision: integer().notNull(),
    patch: text({ mode: "json" }).$type<readonly object[]>().notNull(),
    actor: text().notNull(),
    reason: text().notNull(),
    atMs: integer("at_ms").notNull(),
  },
  (t) => [primaryKey({ columns: [t.letterId, t.revision] })],
);

/** What a run's own object knows, as far as a list of runs wants it. */
export const replayRuns = sqliteTable(
  "replay_runs",
  {
    id: text().primaryKey(),
    createdAtMs: integer("created_at_ms").notNull(),
    state: text().notNull(),
    /** As the API shows it. */
    run: text({ mode: "json" }).$type<Run>().notNull(),
  },
  (t) => [
    index("replay_runs_by_creation").on(sql`${t.createdAtMs} DESC`, t.id),
    index("replay_runs_by_state").on(t.state),
  ],
);

/** What operators did. Triggers let nobody change or remove a row. */
export const auditLog = sqliteTable(
  "audit_log",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    atMs: integer("at_ms").notNull(),
    actor: text().notNull(),
    role: text().notNull(),
    action: text().$type<AuditAction>().notNull(),
    target: text().notNull(),
    before: text({ mode: "json" }).$type<unknown>(),
    after: text({ mode: "json" }).$type<unknown>(),
    reason: text(),
  },
  (t) => [
    index("audit_log_by_target").on(t.target, t.id),
    index("audit_log_by_actor").on(t.actor, t.id),
    index("audit_log_by_action").on(t.action, t.id),
  ],
);

/** What operators were last told of, one row a trouble. */
export const deskAlerts = sqliteTable("desk_alerts", {
  key: text().primaryKey(),
  kind: text().$type<AlertKind>().notNull(),
  subject: text().notNull(),
  summary: text().notNull(),
  state: text().$type<"firing" | "recovered">().notNull(),
  lastSentAtMs: integer("last_sent_at_ms").notNull(),
});

/** Messages to webhooks. One without a next attempt was delivered, or given up. */
export const webhookDeliveries = sqliteTable(
  "webhook_deliveries",
  {
    /** Goes along as `webhook-id`, the same at every attempt. */
    id: text().primaryKey(),
    webhookId: text("webhook_id").notNull(),
    alertKey: text("alert_key").notNull(),
    body: text().notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
    attempts: integer().notNull(),
    nextAttemptAtMs: integer("next_attempt_at_ms"),
    deliveredAtMs: integer("delivered_at_ms"),
    lastStatus: integer("last_status"),
    lastError: text("last_error"),
  },
  (t) => [index("webhook_deliveries_due").on(t.nextAttemptAtMs)],
);
