import { and, eq, gte, or } from "drizzle-orm";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import type { Known, Notice } from "../desk/alert-rules.ts";
import { deskAlerts, webhookDeliveries } from "./tables.ts";

export type Delivery = typeof webhookDeliveries.$inferSelect;
export type NewDelivery = Pick<Delivery, "id" | "webhookId" | "body">;

/** Deliveries that one look sends at most: a Worker has six connections. */
const AT_ONCE = 6;
/** How long a delivery may be under way before it is thought to have died. */
const LEASE_MS = 60_000;
/** An alert that recovered longer ago is news again. */
const REMEMBERED_MS = 86_400_000;

/** What was told of, and what is on its way to a webhook. */
export class AlertLogRepository {
  readonly #d1: D1Database;
  readonly #db: DrizzleD1Database;

  constructor(d1: D1Database) {
    this.#d1 = d1;
    this.#db = drizzle(d1);
  }

  /** Alerts that go on, or were over a short time ago. */
  async known(nowMs: number): Promise<Known[]> {
    return this.#db
      .select()
      .from(deskAlerts)
      .where(or(eq(deskAlerts.state, "firing"), gte(deskAlerts.lastSentAtMs, nowMs - REMEMBERED_MS)));
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
  async claimDue(nowMs: number): Promise<Delivery[]> {
    const { results } = await this.#d1
      .prepare(CLAIM)
      .bind(nowMs, nowMs + LEASE_MS, AT_ONCE)
      .all<{ id: string }>();
    const rows = await Promise.all(
      results.map(({ id }) => this.#db.select().from(webhookDeliveries).where(eq(webhookDeliveries.id, id)).get()),
    );
    return rows.filter((row) => row !== undefined);
  }

  async delivered(id: string, nowMs: number, status: number | null): Promise<void> {
    await this.#db
      .update(webhookDeliveries)
      .set({ nextAttemptAtMs: null, deliveredAtMs: nowMs, lastStatus: status, lastError: null })
      .where(eq(webhookDeliveries.id, id));
  }

  /** @param nextAttemptAtMs `null` where there is no further attempt */
  async failed(
    id: string,
    { status, error }: { readonly status: number | null; readonly error: string | null },
    nextAttemptAtMs: number | null,
  ): Promise<void> {
    await this.#db
      .update(webhookDeliveries)
      .set({ nextAttemptAtMs, lastStatus: status, lastError: error })
      .where(and(eq(webhookDeliveries.id, id)));
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
  SELECT id FROM webhook_deliveries WHERE next_attempt_at_ms <= ?1 ORDER BY next_attempt_at_ms, id LIMIT ?3
) AND next_attempt_at_ms <= ?1
RETURNING id`;
