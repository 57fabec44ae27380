import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { MergeOutcome } from "#domain/outcome.ts";
import type { Failure, Letter } from "#letters/letter.ts";
import type { GroupState, LetterState } from "#letters/states.ts";
import type { AlertKind } from "#ops/alert-rules.ts";
import type { AuditAction, Run } from "#ops/api.ts";
import type { QueuedRecord } from "#queue/parcel.ts";

/*
 * The tables of the operations API, in the same D1 as the fleet's. Apart from those, because a service that reads
 * devices with the SDK has nothing of letters, runs and queues in its package.
 */

/** Records that could not be applied, one row each. */
export const deadLetters = sqliteTable(
  "dead_letters",
  {
    /** A digest of the record: one that fails again is the same letter. */
    id: text().primaryKey(),
    /** Open, quarantined, replaying, resolved or discarded. */
    state: text().$type<LetterState>().notNull(),
    /** The record's topic, or `unknown` where SQLite would not keep its text. */
    topic: text().notNull(),
    /** The event's id, where the record has one. */
    eventId: text("event_id"),
    /** The device, where topic and record say which. */
    deviceKey: text("device_key"),
    /** Where it failed: at the boundary (`ingest`) or in the consumer (`consume`). */
    stage: text().$type<Letter["stage"]>().notNull(),
    /** Why it failed last. */
    reason: text().$type<Failure["reason"]>().notNull(),
    /** The whole failure: its issues, its error, or how far ahead the record's clock was. */
    failure: text({ mode: "json" }).$type<Failure>().notNull(),
    /** The whole record, with the exact text of its value. */
    record: text({ mode: "json" }).$type<QueuedRecord>().notNull(),
    /** How often the record has failed. */
    failures: integer().notNull(),
    /** When it failed first. */
    firstFailedAtMs: integer("first_failed_at_ms").notNull(),
    /** When it failed last. */
    lastFailedAtMs: integer("last_failed_at_ms").notNull(),
    /** The version of the topic's contract that refused it. */
    contractVersion: integer("contract_version"),
    /** The release that refused it. */
    workerVersion: text("worker_version").notNull(),
    /** The trace of the request that brought it. */
    traceparent: text(),
    /** How often it was sent again. */
    replays: integer().notNull().default(0),
    /** When the last replay was sent; a replay without an outcome expires some time after it. */
    replayedAtMs: integer("replayed_at_ms"),
    /** The outcome of the last replay: applied, unchanged, duplicate or superseded. */
    outcome: text().$type<MergeOutcome>(),
    /** When the last replay ended: an earlier failure that arrives late does not open the letter again. */
    settledAtMs: integer("settled_at_ms"),
    /** The fingerprint of its failure. Empty only in rows written by a release from before this column; the sweep fills it in. */
    groupId: text("group_id"),
    /** What the fingerprint is of, readable: topic, reason and places in the schema. */
    signature: text(),
    /** The text that searches match, without personal values. */
    search: text().notNull().default(""),
    /** The number of edits; the record itself never changes. */
    revision: integer().notNull().default(0),
    /** The edited value, which a replay sends instead of the record's own. */
    edited: text(),
    /** The last run that replayed it. */
    runId: text("run_id"),
    /** Why an operator discarded it. */
    discardReason: text("discard_reason"),
    /** When an operator discarded it; it can be undone for a day. */
    discardedAtMs: integer("discarded_at_ms"),
    /** When its value was removed, at the end of its retention or because its group has too many letters. */
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

/** Letters with the same fingerprint. Triggers on `dead_letters` maintain the counts, so they are exact for every writer. */
export const letterGroups = sqliteTable(
  "letter_groups",
  {
    /** The fingerprint. */
    id: text().primaryKey(),
    /** Open, acknowledged, resolved, ignored or regressed. */
    state: text().$type<GroupState>().notNull(),
    /** Of all its letters. */
    topic: text().notNull(),
    /** Of all its letters. */
    reason: text().$type<Failure["reason"]>().notNull(),
    /** What the fingerprint is of, readable. */
    signature: text().notNull(),
    /** All letters that were ever in the group, and all their failures. */
    letters: integer().notNull(),
    /** All failures of all letters that were ever in the group. */
    failures: integer().notNull(),
    /** Letters that wait. */
    open: integer().notNull(),
    /** Letters that were sent again, and have no outcome yet. */
    replaying: integer().notNull(),
    /** Letters of which a replay has an outcome. */
    resolved: integer().notNull(),
    /** Letters that operators discarded. */
    discarded: integer().notNull(),
    /** Letters that are sent again only by force. */
    quarantined: integer().notNull(),
    /** When its first letter failed first. */
    firstFailedAtMs: integer("first_failed_at_ms").notNull(),
    /** When a letter of it failed last. */
    lastFailedAtMs: integer("last_failed_at_ms").notNull(),
    /** When it was opened, or regressed. */
    openedAtMs: integer("opened_at_ms").notNull(),
    /** An operator's note. */
    note: text(),
    /** Who changed state or note last. */
    changedBy: text("changed_by"),
    /** When. */
    changedAtMs: integer("changed_at_ms"),
  },
  (t) => [
    index("letter_groups_by_state").on(t.state, sql`${t.lastFailedAtMs} DESC`, t.id),
    index("letter_groups_by_last_failure").on(sql`${t.lastFailedAtMs} DESC`, t.id),
    index("letter_groups_by_topic").on(t.topic, sql`${t.lastFailedAtMs} DESC`, t.id),
    index("letter_groups_by_reason").on(t.reason, sql`${t.lastFailedAtMs} DESC`, t.id),
  ],
);

/** Failures of a group by hour, maintained by triggers, as far back as a trend goes. */
export const letterGroupHours = sqliteTable(
  "letter_group_hours",
  {
    /** The group. */
    groupId: text("group_id").notNull(),
    /** Hours since 1970. */
    hour: integer().notNull(),
    /** Failures in that hour. */
    failures: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.groupId, t.hour] })],
);

/** Letters by reason and state over all groups, maintained by triggers, so that no query has to read all groups. */
export const letterDepths = sqliteTable("letter_depths", {
  /** Why the letters failed last. */
  reason: text().$type<Failure["reason"]>().primaryKey(),
  /** As of a group, over all groups. */
  open: integer().notNull(),
  /** As of a group, over all groups. */
  replaying: integer().notNull(),
  /** As of a group, over all groups. */
  resolved: integer().notNull(),
  /** As of a group, over all groups. */
  discarded: integer().notNull(),
  /** As of a group, over all groups. */
  quarantined: integer().notNull(),
});

/** The edits of letters, each relative to the payload before it. */
export const letterRevisions = sqliteTable(
  "letter_revisions",
  {
    /** The letter. */
    letterId: text("letter_id").notNull(),
    /** The number of the edit, from 1. */
    revision: integer().notNull(),
    /** A JSON Patch from the payload before it to the one after it. */
    patch: text({ mode: "json" }).$type<readonly object[]>().notNull(),
    /** Who edited it. */
    actor: text().notNull(),
    /** Why, in the operator's words. */
    reason: text().notNull(),
    /** When. */
    atMs: integer("at_ms").notNull(),
  },
  (t) => [primaryKey({ columns: [t.letterId, t.revision] })],
);

/** A copy of each run's state, for lists; the run's own object has the original. */
export const replayRuns = sqliteTable(
  "replay_runs",
  {
    /** The run, and the name of its object. */
    id: text().primaryKey(),
    /** When it was started. */
    createdAtMs: integer("created_at_ms").notNull(),
    /** As of `run`, to filter by. */
    state: text().notNull(),
    /** As the API shows it. */
    run: text({ mode: "json" }).$type<Run>().notNull(),
  },
  (t) => [
    index("replay_runs_by_creation").on(sql`${t.createdAtMs} DESC`, t.id),
    index("replay_runs_by_state").on(t.state),
  ],
);

/** The actions of operators. Triggers refuse every change and removal of a row. */
export const auditLog = sqliteTable(
  "audit_log",
  {
    /** Counts upwards. */
    id: integer().primaryKey({ autoIncrement: true }),
    /** When. */
    atMs: integer("at_ms").notNull(),
    /** Who: an operator, or the run that acted. */
    actor: text().notNull(),
    /** The operator's role, or `system`. */
    role: text().notNull(),
    /** What was done. */
    action: text().$type<AuditAction>().notNull(),
    /** The id of a letter, group or run, or a selection. */
    target: text().notNull(),
    /** What was there before, if anything. */
    before: text({ mode: "json" }).$type<unknown>(),
    /** What is there now, or how many rows changed. */
    after: text({ mode: "json" }).$type<unknown>(),
    /** Why, in the operator's words. */
    reason: text(),
  },
  (t) => [
    index("audit_log_by_time").on(t.atMs, t.id),
    index("audit_log_by_target").on(t.target, t.atMs, t.id),
    index("audit_log_by_actor").on(t.actor, t.atMs, t.id),
    index("audit_log_by_action").on(t.action, t.atMs, t.id),
  ],
);

/** Tokens that are refused although their keys have signed them, until they would have expired anyway. */
export const tokenRevocations = sqliteTable("token_revocations", {
  /** What is revoked: `token:` and the token's `jti`, or `subject:` and its `sub`. */
  id: text().primaryKey(),
  /** When. Of a subject, tokens that were issued later are good. */
  revokedAtMs: integer("revoked_at_ms").notNull(),
  /** When no token that this is about can be valid any more, so that the row may go. */
  untilMs: integer("until_ms").notNull(),
  /** The admin who did it. */
  revokedBy: text("revoked_by").notNull(),
  /** Why, in the admin's words. */
  reason: text().notNull(),
});

/** The last notice to operators of each alert. */
export const opsAlerts = sqliteTable("desk_alerts", {
  /** The alert: its kind and what it is about. */
  key: text().primaryKey(),
  /** Which rule fired. */
  kind: text().$type<AlertKind>().notNull(),
  /** What it is about, such as a group or a run. */
  subject: text().notNull(),
  /** The text that was sent. */
  summary: text().notNull(),
  /** Firing, or recovered. */
  state: text().$type<"firing" | "recovered">().notNull(),
  /** When operators were last notified. */
  lastSentAtMs: integer("last_sent_at_ms").notNull(),
});

/** Deliveries to webhooks. One without a next attempt was delivered or given up. */
export const webhookDeliveries = sqliteTable(
  "webhook_deliveries",
  {
    /** Sent as `webhook-id`, the same with every attempt. */
    id: text().primaryKey(),
    /** The webhook of the settings that it goes to. */
    webhookId: text("webhook_id").notNull(),
    /** The alert that it tells of. */
    alertKey: text("alert_key").notNull(),
    /** The exact text that is signed and sent. */
    body: text().notNull(),
    /** When the notice was stored. */
    createdAtMs: integer("created_at_ms").notNull(),
    /** How often it was tried. */
    attempts: integer().notNull(),
    /** When it is due; `null` once it was delivered or given up. */
    nextAttemptAtMs: integer("next_attempt_at_ms"),
    /** When a receiver took it. */
    deliveredAtMs: integer("delivered_at_ms"),
    /** The status of the last answer. */
    lastStatus: integer("last_status"),
    /** Why the last attempt failed. */
    lastError: text("last_error"),
  },
  (t) => [index("webhook_deliveries_due").on(t.nextAttemptAtMs)],
);
