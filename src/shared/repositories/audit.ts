import { and, eq } from "drizzle-orm";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import type { OpsRole } from "#auth/ops-user.ts";
import type { AuditAction } from "#ops/api.ts";
import type { SortOf } from "#ops/sorts.ts";
import { inRange } from "./keyset.ts";
import { type NumberPosition, numberOrder } from "./number-order.ts";
import { auditLog } from "./ops-tables.ts";

/** One action of an operator, or of a run on its own (`system`). */
export type AuditEntry = {
  readonly atMs: number;
  readonly actor: string;
  readonly role: OpsRole | "system";
  readonly action: AuditAction;
  /** The id of a letter, group or run, or a selection. */
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
  /** From `sinceMs` on, and before `untilMs`. */
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
  readonly first: number;
  /** Newest first, unless it says otherwise. */
  readonly sort?: SortOf<"audit"> | undefined;
  readonly after?: NumberPosition | undefined;
};

const INSERT = `INSERT INTO audit_log (at_ms, actor, role, action, target, before, after, reason)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, coalesce(?7, json_object('changed', changes())), ?8 WHERE ?9 OR changes() > 0`;

/** The audit log of operators' actions. Triggers in D1 refuse to every client that entries are changed or deleted, but for words that are replaced by `[forgotten]`. */
export class AuditRepository {
  readonly #d1: D1Database;
  readonly #db: DrizzleD1Database;

  constructor(d1: D1Database) {
    this.#d1 = d1;
    this.#db = drizzle(d1);
  }

  /**
   * For a batch, directly after the statement of the action, so that both are committed or neither. It adds nothing if that
   * statement changed no row. Without an `after` in the entry, the number of changed rows is logged.
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

  /** A page of the log. @returns one more than `first` where there is a next page */
  async list({ actor, target, action, sinceMs, untilMs, first, sort, after }: AuditFilter): Promise<AuditRow[]> {
    const { orderBy, behind } = numberOrder({
      number: auditLog.atMs,
      id: auditLog.id,
      isDescending: sort?.isDescending ?? true,
      idsRunAlong: true,
    });
    return this.#db
      .select()
      .from(auditLog)
      .where(
        and(
          actor === undefined ? undefined : eq(auditLog.actor, actor),
          target === undefined ? undefined : eq(auditLog.target, target),
          action === undefined ? undefined : eq(auditLog.action, action),
          inRange(auditLog.atMs, { from: sinceMs, to: untilMs }),
          after && behind(after),
        ),
      )
      .orderBy(...orderBy)
      .limit(first + 1);
  }
}
