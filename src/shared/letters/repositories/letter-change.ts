import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import { DAY_MS } from "#domain/time.ts";
import { packBySize } from "#json/pack.ts";
import type { AuditEntry, AuditRepository } from "#repositories/audit.ts";
import { inTexts, MAX_STATEMENT } from "#repositories/one-of.ts";
import { letterRevisions } from "#repositories/ops-tables.ts";

/** The audit log's entry for a change, written in the change's transaction. */
export type Audited = { readonly audit: AuditRepository; readonly entry: AuditEntry };

/** A letter's next payload. */
export type Edit = {
  readonly id: string;
  /** The revision that the edit was made on. */
  readonly revision: number;
  readonly edited: string;
  readonly patch: readonly object[];
  readonly reason: string;
};

export type LetterRevision = typeof letterRevisions.$inferSelect;

/** How long a discard can be undone. Ours. */
export const UNDO_MS = DAY_MS;

/** What operators do to letters, each with its entry in the audit log: both are written, or neither. */
export class LetterChangeRepository {
  readonly #d1: D1Database;
  readonly #db: DrizzleD1Database;

  constructor(d1: D1Database) {
    this.#d1 = d1;
    this.#db = drizzle(d1);
  }

  /** Discards waiting letters, with one entry in the audit log. @returns the ids of those that were discarded */
  async discard(ids: readonly string[], reason: string, audited: Audited): Promise<string[]> {
    const { results } = await this.#changing(DISCARD, [JSON.stringify(ids), reason, audited.entry.atMs], audited);
    return results.map(({ id }) => id);
  }

  /** Undoes a discard that is not older than `UNDO_MS`. @returns whether there was one */
  async restore(id: string, audited: Audited): Promise<boolean> {
    const { results } = await this.#changing(RESTORE, [id, audited.entry.atMs - UNDO_MS], audited);
    return results.length > 0;
  }

  /**
   * Sets the text that replays of letters send from now on. Their records stay as they were received. Each edit has an
   * entry of its own in the audit log.
   * @returns the ids of those that were edited; the others have another revision by now, or are not waiting
   */
  async edit(edits: readonly Edit[], { entry }: Audited): Promise<string[]> {
    if (edits.length === 0) return [];
    const { actor, role, atMs, action, reason = null } = entry;
    const edited: string[] = [];
    for (const run of packBySize(edits, MAX_STATEMENT)) {
      const json = JSON.stringify(run);
      // The letters themselves change last: the two statements before find them by their revision.
      const [, , changed] = (await this.#d1.batch([
        this.#d1.prepare(ADD_REVISION).bind(json, actor, atMs),
        this.#d1.prepare(ADD_TO_AUDIT_LOG).bind(json, atMs, actor, role, action, reason),
        this.#d1.prepare(EDIT).bind(json),
      ])) as [D1Result, D1Result, D1Result<{ id: string }>];
      edited.push(...changed.results.map(({ id }) => id));
    }
    return edited;
  }

  /** The edits of letters, each letter's first to last. A letter without edits is left out. */
  async findRevisions(ids: readonly string[]): Promise<Map<string, LetterRevision[]>> {
    if (ids.length === 0) return new Map();
    const rows = await this.#db
      .select()
      .from(letterRevisions)
      .where(inTexts(letterRevisions.letterId, ids))
      .orderBy(letterRevisions.letterId, letterRevisions.revision);
    return Map.groupBy(rows, ({ letterId }) => letterId);
  }

  /** A change and its entry in the audit log, both or neither. A change that changed no row has no entry. */
  async #changing(
    statement: string,
    parameters: readonly unknown[],
    { audit, entry }: Audited,
  ): Promise<D1Result<{ id: string }>> {
    const [changed] = (await this.#d1.batch([
      this.#d1.prepare(statement).bind(...parameters),
      audit.statementIfChanged(entry),
    ])) as [D1Result<{ id: string }>, D1Result];
    return changed;
  }
}

const DISCARD = `
UPDATE dead_letters SET state = 'discarded', discard_reason = ?2, discarded_at_ms = ?3
WHERE id IN (SELECT value FROM json_each(?1)) AND state IN ('open', 'quarantined')
RETURNING id`;

const RESTORE = `
UPDATE dead_letters SET state = 'open', discard_reason = NULL, discarded_at_ms = NULL
WHERE id = ?1 AND state = 'discarded' AND discarded_at_ms >= ?2
RETURNING id`;

const IS_EDITABLE = "letter.state IN ('open', 'quarantined') AND letter.emptied_at_ms IS NULL";

const EDITED = `json_each(?1) AS edit
CROSS JOIN dead_letters AS letter ON letter.id = edit.value->>'id' AND letter.revision = edit.value->>'revision'`;

const ADD_REVISION = `
INSERT INTO letter_revisions (letter_id, revision, patch, actor, reason, at_ms)
SELECT letter.id, letter.revision + 1, edit.value->'patch', ?2, edit.value->>'reason', ?3 FROM ${EDITED}
WHERE ${IS_EDITABLE}`;

const ADD_TO_AUDIT_LOG = `
INSERT INTO audit_log (at_ms, actor, role, action, target, before, after, reason)
SELECT ?2, ?3, ?4, ?5, letter.id,
  json_object('revision', letter.revision), json_object('revision', letter.revision + 1), ?6
FROM ${EDITED} WHERE ${IS_EDITABLE}`;

const EDIT = `
UPDATE dead_letters SET edited = edit.value->>'edited', revision = dead_letters.revision + 1
FROM json_each(?1) AS edit
WHERE dead_letters.id = edit.value->>'id' AND dead_letters.revision = edit.value->>'revision'
  AND dead_letters.state IN ('open', 'quarantined') AND dead_letters.emptied_at_ms IS NULL
RETURNING dead_letters.id`;
