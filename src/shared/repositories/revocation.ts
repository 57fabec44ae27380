import { parseRevocationId, type Revocation, type RevocationTarget, revocationId } from "#auth/revocation.ts";
import type { AuditEntry, AuditRepository } from "./audit.ts";

/** Most revocations at once: every isolate reads all of them, again and again. Ours. */
export const MAX_REVOCATIONS = 1_000;

export type StoredRevocation = Revocation & {
  readonly untilMs: number;
  readonly revokedBy: string;
  readonly reason: string;
};

type Row = { id: string; revokedAtMs: number; untilMs: number; revokedBy: string; reason: string };

type Audited = { readonly audit: AuditRepository; readonly entry: AuditEntry };

/** The revoked tokens. A revocation and its entry in the audit log are committed together. */
export class RevocationRepository {
  readonly #d1: D1Database;

  constructor(d1: D1Database) {
    this.#d1 = d1;
  }

  /** All of them, newest first, from whichever copy of the database is nearest. */
  async list(): Promise<StoredRevocation[]> {
    const { results } = await this.#d1
      .withSession("first-unconstrained")
      .prepare(LIST)
      .bind(MAX_REVOCATIONS)
      .all<Row>();
    return results.flatMap(({ id, ...row }) => {
      const target = parseRevocationId(id);
      return target ? [{ target, ...row }] : [];
    });
  }

  /**
   * Revokes, or revokes again: the longer of two ends counts.
   * @returns `false` if there are `MAX_REVOCATIONS` others; nothing is revoked then
   */
  async add({ target, revokedAtMs, untilMs, revokedBy, reason }: StoredRevocation, { audit, entry }: Audited) {
    const [added] = (await this.#d1.batch([
      this.#d1.prepare(ADD).bind(revocationId(target), revokedAtMs, untilMs, revokedBy, reason, MAX_REVOCATIONS),
      audit.statementIfChanged(entry),
    ])) as [D1Result, D1Result];
    return added.meta.changes > 0;
  }

  /** Takes a revocation back. @returns whether there was one */
  async remove(target: RevocationTarget, { audit, entry }: Audited): Promise<boolean> {
    const [removed] = (await this.#d1.batch([
      this.#d1.prepare("DELETE FROM token_revocations WHERE id = ?1").bind(revocationId(target)),
      audit.statementIfChanged(entry),
    ])) as [D1Result, D1Result];
    return removed.meta.changes > 0;
  }

  /** Deletes those whose tokens have all expired. @returns how many */
  async sweep(nowMs: number): Promise<number> {
    const { meta } = await this.#d1.prepare("DELETE FROM token_revocations WHERE until_ms < ?1").bind(nowMs).run();
    return meta.changes;
  }
}

const LIST = `
SELECT id, revoked_at_ms AS revokedAtMs, until_ms AS untilMs, revoked_by AS revokedBy, reason
FROM token_revocations ORDER BY revoked_at_ms DESC, id LIMIT ?1`;

const ADD = `
INSERT INTO token_revocations (id, revoked_at_ms, until_ms, revoked_by, reason)
SELECT ?1, ?2, ?3, ?4, ?5
WHERE (SELECT count(*) FROM token_revocations) < ?6 OR EXISTS (SELECT 1 FROM token_revocations WHERE id = ?1)
ON CONFLICT (id) DO UPDATE SET
  revoked_at_ms = excluded.revoked_at_ms, until_ms = max(until_ms, excluded.until_ms),
  revoked_by = excluded.revoked_by, reason = excluded.reason`;
