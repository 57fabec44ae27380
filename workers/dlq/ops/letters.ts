import { Hono } from "hono";
import * as z from "zod";
import { mayAct } from "#auth/ops-user.ts";
import { findContract } from "#contracts/index.ts";
import { applyEdit, JsonPatch, type JsonPatchOp } from "#letters/edit.ts";
import { foldPath } from "#letters/fingerprint.ts";
import { isCutShort } from "#letters/letter.ts";
import { maskData, maskFailure } from "#letters/mask.ts";
import { type MaskedCopy, maskedTestIn } from "#letters/masked-copy.ts";
import type { StoredLetter } from "#letters/repositories/dead-letter.ts";
import { MAX_REPLAYS } from "#letters/repositories/dead-letter-statements.ts";
import { type LetterRevision, UNDO_MS } from "#letters/repositories/letter-change.ts";
import { judge } from "#letters/verdict.ts";
import type { LetterDetail } from "#ops/api.ts";
import { SORTS } from "#ops/sorts.ts";
import { toAuditJson, toLetterJson, toMaskedCopy, toRevisionJson } from "../letter-json.ts";
import { judgeNextStep } from "../next-step.ts";
import { type Replayed, replay, toReplayedRecord } from "../replay.ts";
import { unchangedSinceFailure } from "../runs/plan.ts";
import { audited, type OpsDeps } from "./deps.ts";
import { errorResponse } from "./http/error.ts";
import { type OpsContext, type OpsEnv, only } from "./http/gate.ts";
import { CURSOR_ORDER_ERROR, cursorFitsOrder, sortedBy, sortedCursor } from "./http/page.ts";
import { parseInput, readBody } from "./http/reading.ts";
import { describeSelection, Filter, resolveSelection, Selection, toCondition } from "./selection.ts";
import { tooMany } from "./too-many.ts";
import { Why } from "./why.ts";

/** Strict: a filter with a misspelled name would otherwise match every letter. */
const Query = z.strictObject({ ...Filter, ...sortedBy(SORTS.letters) }).refine(cursorFitsOrder, CURSOR_ORDER_ERROR);

const UnmaskQuery = z.strictObject({ unmask: Why });

/** Lists letters, and shows, edits, replays, discards and restores them. */
export function letterRoutes(deps: OpsDeps) {
  const { letters, changes, audit, now } = deps;
  const app = new Hono<OpsEnv>();

  app.get("/dead-letters", async (c) => {
    const query = parseInput(Query, c.req.query(), "Nothing was read, because of the query");
    if (!query.ok) return query.response;
    const { first, sort, after, ...filter } = query.data;
    const page = await letters.list({ ...toCondition(filter), first, sort, after });
    const revisions = await readRevisions(deps, page.letters);
    return c.json({
      deadLetters: page.letters.map((letter) => toLetterJson(letter, revisions.get(letter.id))),
      nextCursor: page.next && sortedCursor(sort, [page.next.value, page.next.id]),
    });
  });

  app.get("/dead-letters/:id", async (c) => {
    const letter = await letters.find(c.req.param("id"));
    if (!letter) return unknownLetter();
    const why = c.req.query("unmask");
    if (why === undefined) return c.json(await readDetail(letter, false));
    if (!mayAct(c.var.user, "admin")) {
      return errorResponse(
        "forbidden",
        `Nothing was unmasked: only an admin may unmask a letter, and your role is ${c.var.user.role}.`,
      );
    }
    const query = parseInput(UnmaskQuery, { unmask: why }, "Nothing was unmasked");
    if (!query.ok) return query.response;
    // Before the answer: each unmasking has to be in the audit log.
    await audit.add(audited(c, deps, "letter.unmask", { target: letter.id, reason: query.data.unmask }).entry);
    return c.json(await readDetail(letter, true));
  });

  const readDetail = async (letter: StoredLetter, unmasked: boolean) => {
    const [found, entries] = await Promise.all([
      readRevisions(deps, [letter]),
      audit.list({ target: letter.id, first: 50 }),
    ]);
    const revisions = found.get(letter.id) ?? [];
    const waits = letter.state === "open" || letter.state === "quarantined";
    const next = waits ? await judgeNextStep(letter, { workerVersion: deps.workerVersion, nowMs: now() }) : null;
    return {
      ...toLetterJson(letter, revisions, unmasked),
      revisions: revisions.map((revision) => toRevisionJson(revision, letter, unmasked)),
      audit: entries.map(toAuditJson),
      failsAgain: next !== null && next !== "replay",
      next,
      upcast: waits ? previewUpcast(letter, { nowMs: now(), unmasked }) : null,
    } satisfies LetterDetail;
  };

  const EditBody = z.strictObject({
    patch: JsonPatch,
    reason: Why,
    revision: z.int().min(0),
    unmask: Why.optional(),
  });

  app.patch("/dead-letters/:id", only("admin"), async (c) => {
    const body = await readBody(c, EditBody);
    if (!body.ok) return body.response;
    const { patch, reason, revision, unmask } = body.data;
    const letter = await letters.find(c.req.param("id"));
    if (!letter) return unknownLetter();
    if (letter.revision !== revision) return editConflict(letter.revision);
    if (unmask !== undefined)
      await audit.add(audited(c, deps, "letter.unmask", { target: letter.id, reason: unmask }).entry);
    const revisions = (await readRevisions(deps, [letter])).get(letter.id) ?? [];
    const edit = editPayload(letter, patch, {
      nowMs: now(),
      copy: unmask === undefined ? () => toMaskedCopy(letter, revisions) : undefined,
    });
    if (!edit.ok) return errorResponse("not_valid", edit.message, { issues: edit.issues ?? [] });
    const change = { id: letter.id, revision, edited: edit.value, patch, reason };
    const done = await changes.edit([change], audited(c, deps, "letter.edit", { target: letter.id, reason }));
    if (done.length === 0) return editConflict(null);
    const after = (await letters.find(letter.id)) ?? letter;
    return c.json(toLetterJson(after, (await readRevisions(deps, [after])).get(after.id), unmask !== undefined));
  });

  const ReplayBody = z.strictObject({ force: z.boolean().default(false) });

  app.post("/dead-letters/:id/replay", only("operator"), async (c) => {
    const body = await readBody(c, ReplayBody, {});
    if (!body.ok) return body.response;
    const id = c.req.param("id");
    const known = await letters.find(id);
    if (known && !body.data.force) {
      const why = await unchangedSinceFailure(known, deps.workerVersion, now());
      if (why) return errorResponse("not_replayable", why, { canForce: true });
    }
    if (known) await audit.add(audited(c, deps, "letter.replay", { target: id, before: { state: known.state } }).entry);
    const replayed = await replay(deps, id, body.data.force);
    const sent = replayed.kind === "sent" ? [replayed.letter] : [];
    return answerTo(c, replayed, (await readRevisions(deps, sent)).get(id));
  });

  app.post("/dead-letters/:id/restore", only("operator"), async (c) => {
    const id = c.req.param("id");
    const restored = await changes.restore(id, audited(c, deps, "letter.restore", { target: id }));
    const letter = await letters.find(id);
    if (!letter) return unknownLetter();
    if (restored) return c.json(toLetterJson(letter, (await readRevisions(deps, [letter])).get(id)));
    return errorResponse(
      "conflict",
      `Nothing was restored: the letter is ${letter.state}. Only a discarded letter can be restored, within ${UNDO_MS / 3_600_000} hours.`,
    );
  });

  const DiscardBody = z.strictObject({ selection: Selection, reason: Why });

  app.post("/discards", only("operator"), async (c) => {
    const body = await readBody(c, DiscardBody);
    if (!body.ok) return body.response;
    const { selection, reason } = body.data;
    const ids = await resolveSelection(letters, selection);
    if (!ids) return tooMany();
    const target = describeSelection(selection);
    const discarded = await changes.discard(ids, reason, audited(c, deps, "letter.discard", { target, reason }));
    return c.json({ discarded: discarded.length });
  });
  return app;
}

/** What the consumer would make of a letter's record, if that is of an earlier version of its contract. */
function previewUpcast(letter: StoredLetter, { nowMs, unmasked }: { nowMs: number; unmasked: boolean }) {
  const verdict = letter.emptiedAtMs === null ? judge(toReplayedRecord(letter), nowMs) : undefined;
  const to = findContract(letter.topic, nowMs)?.version;
  if (verdict?.kind !== "passes" || to === undefined || verdict.version === to) return null;
  const { topic, data } = verdict.event;
  return { from: verdict.version, to, data: JSON.stringify(unmasked ? data : maskData(topic, data)) };
}

/** The revisions of those letters that have any, by letter. */
export const readRevisions = ({ changes }: OpsDeps, letters: readonly StoredLetter[]) =>
  changes.findRevisions(letters.filter(({ revision }) => revision > 0).map(({ id }) => id));

type EditContext = {
  readonly nowMs: number;
  /** The masked copy, whose masked values the patch must not test. `undefined` if the letter has been unmasked. */
  readonly copy: (() => MaskedCopy) | undefined;
};

/**
 * A letter's payload after a patch, or why it was not edited: a masked test, a bad patch, or the contract refuses it.
 */
export function editPayload(letter: StoredLetter, patch: readonly JsonPatchOp[], { nowMs, copy }: EditContext) {
  const { record } = letter;
  if (
    letter.emptiedAtMs !== null ||
    isCutShort(letter.failure) ||
    record.encoding !== undefined ||
    record.value === null
  ) {
    return {
      ok: false,
      message:
        "Nothing was edited: the letter has no whole text that a patch could change. It was deleted, cut short, is not UTF-8, or is a tombstone.",
      issues: [],
    } as const;
  }
  const tested = copy && patch.some(({ op }) => op === "test") ? maskedTestIn(copy(), patch) : undefined;
  if (tested !== undefined) {
    const path = foldPath(record.topic, tested.slice(1).replaceAll("/", "."));
    return {
      ok: false,
      message: `Nothing was edited: the patch tests ${path}, which is masked. Say why in "unmask" (--unmask), for the audit log.`,
      issues: [{ path, code: "masked", message: 'is masked, so a test of it needs an "unmask" that says why' }],
    } as const;
  }
  const edit = applyEdit(letter.edited ?? record.value, patch, findContract(record.topic, 0)?.places);
  if (!edit.ok) return edit;
  const verdict = judge({ ...toReplayedRecord(letter), value: edit.value }, nowMs);
  if (verdict.kind === "passes") return edit;
  const failure = maskFailure(record.topic, verdict.failure);
  const issues = failure.reason === "schema_mismatch" ? failure.issues : [];
  return {
    ok: false,
    message: `Nothing was edited: the contract refuses the payload that the patch makes (${verdict.failure.reason}).`,
    issues,
  } as const;
}

const editConflict = (revision: number | null): Response =>
  errorResponse(
    "conflict",
    revision === null
      ? "Nothing was edited: the letter is no longer waiting, or was edited by somebody else in between. Read it again."
      : `Nothing was edited: the letter is at revision ${revision} by now. Read it again, and send the revision that you read.`,
  );

export const unknownLetter = (): Response => errorResponse("not_found", "There is no dead letter with this id.");

function answerTo(c: OpsContext, replayed: Replayed, revisions: readonly LetterRevision[] = []): Response {
  switch (replayed.kind) {
    case "sent":
      return c.json(toLetterJson(replayed.letter, revisions), 202);
    case "unknown":
      return unknownLetter();
    case "emptied":
      return errorResponse(
        "not_replayable",
        "Nothing was sent: the letter's value has been deleted after its retention. The rest of the letter is kept; discard it.",
      );
    case "cut_short":
      return errorResponse(
        "not_replayable",
        "Nothing was sent: only the beginning of the letter's value is stored. Publish the record again from its source, then discard the letter.",
      );
    case "closed":
      if (replayed.letter.state === "discarded") {
        return errorResponse("not_replayable", "Nothing was sent: the letter is discarded. Restore it first.");
      }
      return errorResponse(
        "not_replayable",
        replayed.letter.state === "quarantined"
          ? `Nothing was sent: the letter has failed ${MAX_REPLAYS} replays. Fix the cause, then force the replay.`
          : "Nothing was sent: the letter is resolved. Force the replay to send it again.",
        { canForce: true },
      );
    case "too_large":
      return errorResponse(
        "not_replayable",
        "Nothing was sent: the record is larger than the consumer accepts. The letter is kept as it was; have its producer send a smaller record.",
      );
    case "already_replaying":
      return errorResponse(
        "already_replaying",
        "Nothing was sent: the letter is already being replayed. Wait for its outcome; if none arrives, replay it again after 5 minutes.",
      );
    case "not_sent":
      return errorResponse(
        "queue_unavailable",
        "Nothing was sent: the queue or D1 does not answer. The letter is kept as it was; try again in a moment, or in 5 minutes if it is shown as replaying.",
      );
    default:
      return replayed satisfies never;
  }
}
