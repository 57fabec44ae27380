import { and, desc, eq, lt } from "drizzle-orm";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import type { DeskRole } from "../auth/desk-user.ts";
import type { AuditAction } from "../desk/api.ts";
import { auditLog } from "./tables.ts";

/** One thing that somebody did, or that a run did on its own (`desk`). */
export type AuditEntry = {
  readonly atMs: number;
  readonly actor: string;
  readonly role: DeskRole | "desk";
  readonly action: AuditAction;
  /** A letter's, group's or run's id, or what was selected. */
  readonly target: string;
  readonly before?: unknown;
  readonly after?: unknown;
  readonly reason?: string | undefined;
};

export type AuditRow = typeof auditLog.$inferSelect;

export type AuditFilter = {
  readonly actor?: string | undefined;
  readonly target?: string | undefined;
  readonly action?: AuditAction | undefined;
  readonly first: number;
  /** The id of the last entry of the page before. */
  readonly after?: number | undefined;
};

const INSERT = `INSERT INTO audit_log (at_ms, actor, role, action, target, before, after, reason)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, coalesce(?7, json_object('changed', changes())), ?8 WHERE ?9 OR changes() > 0`;

/** What operators did. There is no way to change an entry: not here, and not past us, since D1's triggers refuse it. */
export class AuditRepository {
  readonly #d1: D1Database;
  readonly #db: DrizzleD1Database;

  constructor(d1: D1Database) {
    this.#d1 = d1;
    this.#db = drizzle(d1);
  }

  /**
   * For a batch, right behind the statement that it tells of: neither is there without the other, and nothing is said
   * where that statement changed no row. Without an `after`, it says how many rows that were.
   */
  statementIfChanged(entry: AuditEntry): D1PreparedStatement {
    return this.#statement(entry, false);
  }

  async add(entry: AuditEntry): Promise<void> {
    await this.#statement({ after: null, ...entry }, true).run();
  }

  #statement(entry: AuditEntry, always: boolean): D1PreparedStatement {
    const { atMs, actor, role, action, target, before, after, reason } = entry;
    const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value));
    const values = [atMs, actor, role, action, target, json(before), json(after), reason ?? null];
    return this.#d1.prepare(INSERT).bind(...values, Number(always));
  }

  /** Newest first. */
  async list({ actor, target, action, first, after }: AuditFilter): Promise<AuditRow[]> {
    return this.#db
      .select()
      .from(auditLog)
      .where(
        and(
          actor === undefined ? undefined : eq(auditLog.actor, actor),
          target === undefined ? undefined : eq(auditLog.target, target),
          action === undefined ? undefined : eq(auditLog.action, action),
          after === undefined ? undefined : lt(auditLog.id, after),
        ),
      )
      .orderBy(desc(auditLog.id))
      .limit(first);
  }
}
