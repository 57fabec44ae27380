import { Hono } from "hono";
import * as z from "zod";
import type { Group, GroupEdit, Trends } from "../../../src/shared/desk/api.ts";
import { JsonPatch, type JsonPatchOp } from "../../../src/shared/desk/edit.ts";
import { errorResponse } from "../../../src/shared/desk/http/error.ts";
import { type DeskEnv, only } from "../../../src/shared/desk/http/gate.ts";
import { Cursor, First, pageOf } from "../../../src/shared/desk/http/page.ts";
import { bodyOf, readBy } from "../../../src/shared/desk/http/reading.ts";
import { afterPatch, type MaskedCopy, shownOf } from "../../../src/shared/desk/masked-copy.ts";
import { GROUP_STATES } from "../../../src/shared/desk/states.ts";
import { issuesByPath } from "../../../src/shared/desk/verdict.ts";
import type { StoredLetter } from "../../../src/shared/repositories/dead-letter.ts";
import type { Edit } from "../../../src/shared/repositories/letter-change.ts";
import type { StoredGroup } from "../../../src/shared/repositories/letter-group.ts";
import { copyOf } from "../letter-json.ts";
import { audited, type DeskDeps } from "./desk.ts";
import { editOf, revisionsOf } from "./letters.ts";
import { Reason, resolveSelection, Topic } from "./selection.ts";
import { tooMany } from "./too-many.ts";

const Query = z.strictObject({
  state: z.enum(GROUP_STATES, `must be one of ${GROUP_STATES.join(", ")}`).optional(),
  topic: Topic.optional(),
  reason: Reason.optional(),
  first: First,
  after: Cursor.optional(),
});

/** How far back a group's trend goes, and of how many groups it is told at once: those of a page. */
const TREND_HOURS = 24;
const MAX_TRENDS = 100;

const TrendQuery = z.strictObject({
  groups: z
    .string()
    .max(MAX_TRENDS * 40)
    .transform((ids) => ids.split(",").filter(Boolean))
    .refine((ids) => ids.length <= MAX_TRENDS, `must be at most ${MAX_TRENDS} ids`),
});

const StateBody = z.strictObject({
  state: z.enum(["open", "acknowledged", "resolved", "ignored"]),
  note: z.string().trim().max(500).optional(),
});

const Why = z.string().trim().min(1, "must say why").max(500);

const EditBody = z.strictObject({
  patch: JsonPatch,
  reason: Why,
  apply: z.boolean().default(false),
  /** Why the patch may test what is masked. What is shown stays masked. */
  unmask: Why.optional(),
});

/** How many letters of a group edit are shown before and after. */
const SAMPLES = 3;

/** Letters of one fingerprint, and what is done to all of them. */
export function groupRoutes(deps: DeskDeps) {
  const { groups, letters, changes, now } = deps;
  const app = new Hono<DeskEnv>();

  app.get("/groups", async (c) => {
    const query = readBy(Query, c.req.query(), "Nothing was read, because of the query");
    if (!query.ok) return query.response;
    const { first, after, ...filter } = query.data;
    const rows = await groups.list({
      ...filter,
      first,
      after: after && { lastFailedAtMs: after[0], id: after[1] },
    });
    const { page, nextCursor } = pageOf(rows, first, ({ lastFailedAtMs, id }) => [lastFailedAtMs, id]);
    return c.json({ groups: page.map(groupJsonOf), nextCursor });
  });

  app.get("/trends", async (c) => {
    const query = readBy(TrendQuery, c.req.query(), "Nothing was read, because of the query");
    if (!query.ok) return query.response;
    const trends = await groups.trends(query.data.groups, TREND_HOURS, now());
    return c.json({ atMs: now(), trends: Object.fromEntries(trends) } satisfies Trends);
  });

  app.get("/groups/:id", async (c) => {
    const group = await groups.find(c.req.param("id"));
    return group ? c.json(groupJsonOf(group)) : unknownGroup();
  });

  app.post("/groups/:id/state", only("operator"), async (c) => {
    const body = await bodyOf(c, StateBody);
    if (!body.ok) return body.response;
    const { state, note = null } = body.data;
    const group = await groups.find(c.req.param("id"));
    if (!group) return unknownGroup();
    const { id, state: before } = group;
    const said = { target: id, before: { state: before }, after: { state }, ...(note !== null && { reason: note }) };
    await groups.setState({ id, state, note }, audited(c, deps, "group.state", said));
    return c.json(groupJsonOf((await groups.find(id)) ?? group));
  });

  app.post("/groups/:id/edit", only("admin"), async (c) => {
    const body = await bodyOf(c, EditBody);
    if (!body.ok) return body.response;
    const { patch, reason, apply, unmask } = body.data;
    const group = await groups.find(c.req.param("id"));
    if (!group) return unknownGroup();
    // Before anything is tested: what was learned without a word of it would have no trace.
    if (unmask !== undefined) {
      await deps.audit.add(audited(c, deps, "letter.unmask", { target: group.id, reason: unmask }).entry);
    }
    const ids = await resolveSelection(letters, { group: group.id });
    if (!ids) return tooMany();
    const samples: GroupEdit["samples"][number][] = [];
    const refused: Parameters<typeof issuesByPath>[0][number][] = [];
    let [pass, fail, applied] = [0, 0, 0];
    for await (const part of letters.findInParts(ids)) {
      const edits: Edit[] = [];
      const revisions = await revisionsOf(deps, part);
      for (const letter of part) {
        const copy = () => copyOf(letter, revisions.get(letter.id) ?? []);
        const edit = editOf(letter, patch, { nowMs: now(), copy: unmask === undefined ? copy : undefined });
        if (samples.length < SAMPLES) samples.push(sampleOf(letter, edit, { before: copy(), patch }));
        if (edit.ok) {
          pass++;
          edits.push({ id: letter.id, revision: letter.revision, edited: edit.value, patch, reason });
        } else {
          fail++;
          refused.push({ reason: "schema_mismatch", issues: edit.issues ?? [] });
        }
      }
      const said = audited(c, deps, "letter.edit", { target: group.id, reason });
      if (apply) applied += (await changes.edit(edits, said)).length;
    }
    if (apply) {
      await deps.audit.add(
        audited(c, deps, "group.edit", { target: group.id, after: { pass, fail, applied }, reason }).entry,
      );
    }
    return c.json({
      letters: ids.length,
      pass,
      fail: { count: fail, issues: issuesByPath(refused) },
      applied,
      samples,
    } satisfies GroupEdit);
  });
  return app;
}

type Preview = { readonly before: MaskedCopy; readonly patch: readonly JsonPatchOp[] };

/** Masked, for an admin too: whoever wants to see more says why, letter by letter. */
function sampleOf({ id, record }: StoredLetter, edit: ReturnType<typeof editOf>, { before, patch }: Preview) {
  const after = edit.ok ? afterPatch(before, patch) : undefined;
  return {
    id,
    before: record.value === null ? null : shownOf(before),
    after: after ? shownOf(after) : null,
    issues: edit.ok ? [] : (edit.issues ?? []),
  };
}

const unknownGroup = (): Response => errorResponse("not_found", "There is no group with this id.");

export function groupJsonOf(group: StoredGroup): Group {
  const { id, state, topic, reason, signature, letters, failures, note, changedBy, changedAtMs } = group;
  const { open, replaying, resolved, discarded, quarantined } = group;
  return {
    id,
    state,
    topic,
    reason,
    signature,
    letters,
    failures,
    counts: { open, replaying, resolved, discarded, quarantined },
    firstFailedAt: new Date(group.firstFailedAtMs).toISOString(),
    lastFailedAt: new Date(group.lastFailedAtMs).toISOString(),
    note,
    changedBy,
    changedAt: changedAtMs === null ? null : new Date(changedAtMs).toISOString(),
  };
}
