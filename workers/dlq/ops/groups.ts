import { Hono } from "hono";
import * as z from "zod";
import { JsonPatch, type JsonPatchOp } from "#letters/edit.ts";
import { afterPatch, type MaskedCopy, printMasked } from "#letters/masked-copy.ts";
import type { StoredLetter } from "#letters/repositories/dead-letter.ts";
import type { Edit } from "#letters/repositories/letter-change.ts";
import type { StoredGroup } from "#letters/repositories/letter-group.ts";
import { GROUP_STATES } from "#letters/states.ts";
import { issuesByPath } from "#letters/verdict.ts";
import type { Group, GroupDetail, GroupEdit, Trends } from "#ops/api.ts";
import { SORTS, type SortOf } from "#ops/sorts.ts";
import { toIso } from "../iso.ts";
import { toMaskedCopy } from "../letter-json.ts";
import { sampleGroup } from "../next-step.ts";
import { audited, type OpsDeps } from "./deps.ts";
import { errorResponse } from "./http/error.ts";
import { type OpsEnv, only } from "./http/gate.ts";
import { CURSOR_ORDER_ERROR, cursorFitsOrder, sortedBy, toPage } from "./http/page.ts";
import { parseInput, readBody } from "./http/reading.ts";
import { editPayload, readRevisions } from "./letters.ts";
import { Reason, resolveSelection, Time, Topic } from "./selection.ts";
import { tooMany } from "./too-many.ts";
import { Why } from "./why.ts";

const Query = z
  .strictObject({
    state: z.enum(GROUP_STATES, `must be one of ${GROUP_STATES.join(", ")}`).optional(),
    topic: Topic.optional(),
    reason: Reason.optional(),
    since: Time.optional(),
    until: Time.optional(),
    ...sortedBy(SORTS.groups),
  })
  .refine(cursorFitsOrder, CURSOR_ORDER_ERROR);

/** The number that a group is sorted by, for a cursor. */
const GROUP_NUMBERS: Readonly<Record<SortOf<"groups">["by"], (group: StoredGroup) => number>> = {
  "last-failed": ({ lastFailedAtMs }) => lastFailedAtMs,
  "first-failed": ({ firstFailedAtMs }) => firstFailedAtMs,
  waiting: ({ open, quarantined }) => open + quarantined,
  letters: ({ letters }) => letters,
};

/** How far back a trend goes, and of how many groups it is read at once: as many as a page has. */
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

const EditBody = z.strictObject({
  patch: JsonPatch,
  reason: Why,
  apply: z.boolean().default(false),
  /** Why the patch may test masked values. The previews stay masked. */
  unmask: Why.optional(),
});

/** Letters of a group edit that are previewed. */
const SAMPLES = 3;

/** Groups of letters with the same cause, and actions on a whole group. */
export function groupRoutes(deps: OpsDeps) {
  const { groups, letters, changes, workerVersion, now } = deps;
  const app = new Hono<OpsEnv>();

  app.get("/groups", async (c) => {
    const query = parseInput(Query, c.req.query(), "Nothing was read, because of the query");
    if (!query.ok) return query.response;
    const { since, until, ...others } = query.data;
    const rows = await groups.list({ ...others, sinceMs: since, untilMs: until });
    const { page, nextCursor } = toPage(rows, others, (row) => [GROUP_NUMBERS[others.sort.by](row), row.id]);
    return c.json({ groups: page.map(toGroupJson), nextCursor });
  });

  app.get("/trends", async (c) => {
    const query = parseInput(TrendQuery, c.req.query(), "Nothing was read, because of the query");
    if (!query.ok) return query.response;
    const trends = await groups.trends(query.data.groups, TREND_HOURS, now());
    return c.json({ atMs: now(), trends: Object.fromEntries(trends) } satisfies Trends);
  });

  app.get("/groups/:id", async (c) => {
    const group = await groups.find(c.req.param("id"));
    if (!group) return unknownGroup();
    const sample = await sampleGroup(letters, group, { workerVersion, nowMs: now() });
    return c.json({ ...toGroupJson(group), sample } satisfies GroupDetail);
  });

  app.post("/groups/:id/state", only("operator"), async (c) => {
    const body = await readBody(c, StateBody);
    if (!body.ok) return body.response;
    const { state, note = null } = body.data;
    const group = await groups.find(c.req.param("id"));
    if (!group) return unknownGroup();
    const { id, state: before } = group;
    const details = { target: id, before: { state: before }, after: { state }, ...(note !== null && { reason: note }) };
    await groups.setState({ id, state, note }, audited(c, deps, "group.state", details));
    return c.json(toGroupJson((await groups.find(id)) ?? group));
  });

  app.post("/groups/:id/edit", only("admin"), async (c) => {
    const body = await readBody(c, EditBody);
    if (!body.ok) return body.response;
    const { patch, reason, apply, unmask } = body.data;
    const group = await groups.find(c.req.param("id"));
    if (!group) return unknownGroup();
    // Before the patch runs: its tests reveal values, and each such access has to be in the audit log.
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
      const revisions = await readRevisions(deps, part);
      for (const letter of part) {
        const copy = () => toMaskedCopy(letter, revisions.get(letter.id) ?? []);
        const edit = editPayload(letter, patch, { nowMs: now(), copy: unmask === undefined ? copy : undefined });
        if (samples.length < SAMPLES) samples.push(toPreview(letter, edit, { before: copy(), patch }));
        if (edit.ok) {
          pass++;
          edits.push({ id: letter.id, revision: letter.revision, edited: edit.value, patch, reason });
        } else {
          fail++;
          refused.push({ reason: "schema_mismatch", issues: edit.issues ?? [] });
        }
      }
      const entry = audited(c, deps, "letter.edit", { target: group.id, reason });
      if (apply) applied += (await changes.edit(edits, entry)).length;
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

/** A preview is masked for admins too; a payload is unmasked one letter at a time, with a reason. */
function toPreview({ id, record }: StoredLetter, edit: ReturnType<typeof editPayload>, { before, patch }: Preview) {
  const after = edit.ok ? afterPatch(before, patch) : undefined;
  return {
    id,
    before: record.value === null ? null : printMasked(before),
    after: after ? printMasked(after) : null,
    issues: edit.ok ? [] : (edit.issues ?? []),
  };
}

const unknownGroup = (): Response => errorResponse("not_found", "There is no group with this id.");

export function toGroupJson(group: StoredGroup): Group {
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
    changedAt: toIso(changedAtMs),
  };
}
