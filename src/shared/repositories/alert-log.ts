import { and, eq, isNull, lt } from "drizzle-orm";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import type { Known, Notice } from "../desk/alert-rules.ts";
import { deskAlerts, webhookDeliveries } from "./tables.ts";

export type WebhookDelivery = typeof webhookDeliveries.$inferSelect;
type Attempt = Pick<WebhookDelivery, "id" | "attempts">;
export type NewDelivery = Pick<WebhookDelivery, "id" | "webhookId" | "body">;

/** Deliveries that one look sends at most: a Worker has six connections. */
const AT_ONCE = 6;
/** How long a delivery may be under way before it is thought to have died. */
const LEASE_MS = 60_000;
/** How long messages are kept that were delivered or given up. Ours. */
const KEPT_MS = 30 * 86_400_000;

/** What was told of, and what is on its way to a webhook. */
export class AlertLogRepository {
  readonly #d1: D1Database;
  readonly #db: DrizzleD1Database;

  constructor(d1: D1Database) {
    this.#d1 = d1;
    this.#db = drizzle(d1);
  }

  /** Everything that was ever told, a row a trouble: what is written next compares with what stands here. */
  async known(): Promise<Known[]> {
    return this.#db.select().from(deskAlerts);
  }

  /** Writes down that something is told, and to whom; of several who do at once, one does. */
  async tell(notice: Notice, deliveries: readonly NewDelivery[], nowMs: number): Promise<void> {
    const { key, kind, subject, summary, state, expectedSentAtMs } = notice;
    await this.#d1.batch([
      this.#d1.prepare(TELL).bind(key, kind, subject, summary, state, nowMs, expectedSentAtMs),
      ...deliveries.map(({ id, webhookId, body }) => this.#d1.prepare(DELIVER).bind(id, webhookId, key, body, nowMs)),
    ]);
  }

  /** Deliveries that are due, each for one caller. */
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

  /** Unless another attempt has begun meanwhile, whose word counts. */
  async delivered({ id, attempts }: Attempt, nowMs: number, status: number | null): Promise<void> {
    await this.#db
      .update(webhookDeliveries)
      .set({ nextAttemptAtMs: null, deliveredAtMs: nowMs, lastStatus: status, lastError: null })
      .where(and(eq(webhookDeliveries.id, id), eq(webhookDeliveries.attempts, attempts)));
  }

  /** @param nextAttemptAtMs `null` where there is no further attempt */
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

  /** Lets go of messages that have come to their end long ago. */
  async prune(nowMs: number): Promise<void> {
    await this.#db
      .delete(webhookDeliveries)
      .where(and(isNull(webhookDeliveries.nextAttemptAtMs), lt(webhookDeliveries.createdAtMs, nowMs - KEPT_MS)));
  }
}

const TELL = `
INSERT INTO desk_alerts (key, kind, subject, summary, state, last_sent_at_ms)
SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE ?7 IS (SELECT last_sent_at_ms FROM desk_alerts WHERE key = ?1)
ON CONFLICT (key) DO UPDATE SET
  summary = excluded.summary, state = excluded.state, last_sent_at_ms = excluded.last_sent_at_ms
WHERE desk_alerts.last_sent_at_ms IS ?7`;

// Right behind the alert, or another delivery of it: nothing is sent of what another wrote down.
const DELIVER = `
INSERT INTO webhook_deliveries (id, webhook_id, alert_key, body, created_at_ms, next_attempt_at_ms, attempts)
SELECT ?1, ?2, ?3, ?4, ?5, ?5, 0 WHERE changes() > 0`;

const CLAIM = `
UPDATE webhook_deliveries SET next_attempt_at_ms = ?2, attempts = attempts + 1
WHERE id IN (
  SELECT id FROM webhook_deliveries WHERE next_attempt_at_ms <= ?1 ORDER BY attempts, next_attempt_at_ms, id LIMIT ?3
) AND next_attempt_at_ms <= ?1
RETURNING id`;
