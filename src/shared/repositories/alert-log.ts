import { and, eq, isNull, lt } from "drizzle-orm";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import { DAY_MS, MINUTE_MS } from "#domain/time.ts";
import type { Known, Notice } from "#ops/alert-rules.ts";
import { opsAlerts, webhookDeliveries } from "./ops-tables.ts";

export type WebhookDelivery = typeof webhookDeliveries.$inferSelect;
type Attempt = Pick<WebhookDelivery, "id" | "attempts">;
export type NewDelivery = Pick<WebhookDelivery, "id" | "webhookId" | "body">;

/** Deliveries that are claimed at a time: a Worker has six connections. */
const AT_ONCE = 6;
/** How long a delivery stays claimed. After that its sender is taken to have crashed. */
const LEASE_MS = MINUTE_MS;
/** How long deliveries are kept after they were delivered or given up. Our choice. */
const RETENTION_MS = 30 * DAY_MS;

/** The alerts that operators were notified of, and the deliveries to webhooks. */
export class AlertLogRepository {
  readonly #d1: D1Database;
  readonly #db: DrizzleD1Database;

  constructor(d1: D1Database) {
    this.#d1 = d1;
    this.#db = drizzle(d1);
  }

  /** The last notice of every alert, to compare the current conditions with. */
  async known(): Promise<Known[]> {
    return this.#db.select().from(opsAlerts);
  }

  /** Stores a notice and its deliveries. Of several concurrent callers with the same notice, one stores it. */
  async recordNotice(notice: Notice, deliveries: readonly NewDelivery[], nowMs: number): Promise<void> {
    const { key, kind, subject, summary, state, expectedSentAtMs } = notice;
    await this.#d1.batch([
      this.#d1.prepare(TELL).bind(key, kind, subject, summary, state, nowMs, expectedSentAtMs),
      ...deliveries.map(({ id, webhookId, body }) => this.#d1.prepare(DELIVER).bind(id, webhookId, key, body, nowMs)),
    ]);
  }

  /** Claims deliveries that are due: no other caller gets them before the lease has expired. */
  async claimDue(nowMs: number): Promise<WebhookDelivery[]> {
    const { results } = await this.#d1
      .prepare(CLAIM)
      .bind(nowMs, nowMs + LEASE_MS, AT_ONCE)
      .all<{ id: string }>();
    const rows = await Promise.all(
      results.map(({ id }) => this.#db.select().from(webhookDeliveries).where(eq(webhookDeliveries.id, id)).get()),
    );
    return rows.filter((row) => row !== undefined);
  }

  /** Marks a delivery as delivered, unless another attempt has started meanwhile: then that one's result counts. */
  async delivered({ id, attempts }: Attempt, nowMs: number, status: number | null): Promise<void> {
    await this.#db
      .update(webhookDeliveries)
      .set({ nextAttemptAtMs: null, deliveredAtMs: nowMs, lastStatus: status, lastError: null })
      .where(and(eq(webhookDeliveries.id, id), eq(webhookDeliveries.attempts, attempts)));
  }

  /** Stores a failed attempt. @param nextAttemptAtMs `null` if there is no further attempt */
  async failed(
    { id, attempts }: Attempt,
    { status, error }: { readonly status: number | null; readonly error: string | null },
    nextAttemptAtMs: number | null,
  ): Promise<void> {
    await this.#db
      .update(webhookDeliveries)
      .set({ nextAttemptAtMs, lastStatus: status, lastError: error })
      .where(and(eq(webhookDeliveries.id, id), eq(webhookDeliveries.attempts, attempts)));
  }

  /** Deletes deliveries that ended longer ago than the retention. */
  async prune(nowMs: number): Promise<void> {
    await this.#db
      .delete(webhookDeliveries)
      .where(and(isNull(webhookDeliveries.nextAttemptAtMs), lt(webhookDeliveries.createdAtMs, nowMs - RETENTION_MS)));
  }
}

const TELL = `
INSERT INTO desk_alerts (key, kind, subject, summary, state, last_sent_at_ms)
SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE ?7 IS (SELECT last_sent_at_ms FROM desk_alerts WHERE key = ?1)
ON CONFLICT (key) DO UPDATE SET
  summary = excluded.summary, state = excluded.state, last_sent_at_ms = excluded.last_sent_at_ms
WHERE desk_alerts.last_sent_at_ms IS ?7`;

// Follows the alert's statement, or another delivery's: if another caller stored the notice, `changes()` is 0 and nothing is sent.
const DELIVER = `
INSERT INTO webhook_deliveries (id, webhook_id, alert_key, body, created_at_ms, next_attempt_at_ms, attempts)
SELECT ?1, ?2, ?3, ?4, ?5, ?5, 0 WHERE changes() > 0`;

const CLAIM = `
UPDATE webhook_deliveries SET next_attempt_at_ms = ?2, attempts = attempts + 1
WHERE id IN (
  SELECT id FROM webhook_deliveries WHERE next_attempt_at_ms <= ?1 ORDER BY attempts, next_attempt_at_ms, id LIMIT ?3
) AND next_attempt_at_ms <= ?1
RETURNING id`;
