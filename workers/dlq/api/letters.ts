import { Hono } from "hono";
import * as z from "zod";
import { mayAct } from "../../../src/shared/auth/desk-user.ts";
import { encodeCursor } from "../../../src/shared/cursor-text.ts";
import type { LetterDetail } from "../../../src/shared/desk/api.ts";
import { applyEdit, JsonPatch, type JsonPatchOp } from "../../../src/shared/desk/edit.ts";
import { foldPath } from "../../../src/shared/desk/fingerprint.ts";
import { errorResponse } from "../../../src/shared/desk/http/error.ts";
import { type DeskContext, type DeskEnv, only } from "../../../src/shared/desk/http/gate.ts";
import { Cursor, First } from "../../../src/shared/desk/http/page.ts";
import { bodyOf, readBy } from "../../../src/shared/desk/http/reading.ts";
import { maskFailure } from "../../../src/shared/desk/mask.ts";
import { type MaskedCopy, maskedTestIn } from "../../../src/shared/desk/masked-copy.ts";
import { judge } from "../../../src/shared/desk/verdict.ts";
import type { StoredLetter } from "../../../src/shared/repositories/dead-letter.ts";
import { MAX_REPLAYS } from "../../../src/shared/repositories/dead-letter-statements.ts";
import { type LetterRevision, UNDO_MS } from "../../../src/shared/repositories/letter-change.ts";
import { auditJsonOf, copyOf, letterJsonOf, revisionJsonOf } from "../letter-json.ts";
import { type Replayed, replay, replayedRecordOf } from "../replay.ts";
import { unchangedSinceFailure } from "../runs/plan.ts";
import { audited, type DeskDeps } from "./desk.ts";
import { conditionOf, describeSelection, Filter, resolveSelection, Selection } from "./selection.ts";
import { tooMany } from "./too-many.ts";

/** A parameter we do not know is refused, for a filter with a typo would match all. */
const Query = z.strictObject({ ...Filter, first: First, after: Cursor.optional() });

const Reason = z.string("must say why").trim().min(1, "must say why").max(500);

/** One letter or a list of them, and what is done to one. */
export function letterRoutes(deps: DeskDeps) {
  const { letters, changes, audit, now } = deps;
  const app = new Hono<DeskEnv>();

  app.get("/dead-letters", async (c) => {
    const query = readBy(Query, c.req.query(), "Nothing was read, because of the query");
    if (!query.ok) return query.response;
    const { first, after, ...filter } = query.data;
    const page = await letters.list({
      ...conditionOf(filter),
      first,
      after: after && { lastFailedAtMs: after[0], id: after[1] },
    });
    const revisions = await revisionsOf(deps, page.letters);
    return c.json({
      deadLetters: page.letters.map((letter) => letterJsonOf(letter, revisions.get(letter.id))),
      nextCursor: page.next && encodeCursor([page.next.lastFailedAtMs, page.next.id]),
    });
  });

  app.get("/dead-letters/:id", async (c) => {
    const letter = await letters.find(c.req.param("id"));
    if (!letter) return unknownLetter();
    const why = c.req.query("unmask")?.trim();
    if (why === undefined) return c.json(await detailOf(letter, false));
    if (!mayAct(c.var.user, "admin")) {
      return errorResponse("forbidden", `Only an admin sees what is masked, and you are ${c.var.user.role}.`);
    }
    const reason = Reason.safeParse(why);
    if (!reason.success) return errorResponse("invalid_parameter", "Nothing was unmasked: a reason is needed.");
    // Before it is shown: what was seen without a word of it would have no trace.
    await audit.add(audited(c, deps, "letter.unmask", { target: letter.id, reason: reason.data }).entry);
    return c.json(await detailOf(letter, true));
  });

  const detailOf = async (letter: StoredLetter, unmasked: boolean) => {
    const [found, entries] = await Promise.all([
      revisionsOf(deps, [letter]),
      audit.list({ target: letter.id, first: 50 }),
    ]);
    const revisions = found.get(letter.id) ?? [];
    const waits = letter.state === "open" || letter.state === "quarantined";
    const why = waits ? await unchangedSinceFailure(letter, deps.workerVersion, now()) : undefined;
    return {
      ...letterJsonOf(letter, revisions, unmasked),
      revisions: revisions.map((revision) => revisionJsonOf(revision, letter, unmasked)),
      audit: entries.map(auditJsonOf),
      failsAgain: why !== undefined,
    } satisfies LetterDetail;
  };

  const EditBody = z.strictObject({
    patch: JsonPatch,
    reason: Reason,
    revision: z.int().min(0),
    unmask: Reason.optional(),
  });

  app.patch("/dead-letters/:id", only("admin"), async (c) => {
    const body = await bodyOf(c, EditBody);
    if (!body.ok) return body.response;
    const { patch, reason, revision, unmask } = body.data;
    const letter = await letters.find(c.req.param("id"));
    if (!letter) return unknownLetter();
    if (letter.revision !== revision) return edited(letter.revision);
    if (unmask !== undefined)
      await audit.add(audited(c, deps, "letter.unmask", { target: letter.id, reason: unmask }).entry);
    const revisions = (await revisionsOf(deps, [letter])).get(letter.id) ?? [];
    const edit = editOf(letter, patch, {
      nowMs: now(),
      copy: unmask === undefined ? () => copyOf(letter, revisions) : undefined,
    });
    if (!edit.ok) return errorResponse("not_valid", edit.message, { issues: edit.issues ?? [] });
    const change = { id: letter.id, revision, edited: edit.value, patch, reason };
    const done = await changes.edit([change], audited(c, deps, "letter.edit", { target: letter.id, reason }));
    if (done.length === 0) return edited(null);
    const after = (await letters.find(letter.id)) ?? letter;
    return c.json(letterJsonOf(after, (await revisionsOf(deps, [after])).get(after.id), unmask !== undefined));
  });

  const ReplayBody = z.strictObject({ force: z.boolean().default(false) });

  app.post("/dead-letters/:id/replay", only("operator"), async (c) => {
    const body = await bodyOf(c, ReplayBody, {});
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
    return answerTo(c, replayed, (await revisionsOf(deps, sent)).get(id));
  });

  app.post("/dead-letters/:id/restore", only("operator"), async (c) => {
    const id = c.req.param("id");
    const restored = await changes.restore(id, audited(c, deps, "letter.restore", { target: id }));
    const letter = await letters.find(id);
    if (!letter) return unknownLetter();
    if (restored) return c.json(letterJsonOf(letter, (await revisionsOf(deps, [letter])).get(id)));
    return errorResponse(
      "conflict",
      `Nothing was restored: the letter is ${letter.state}, and a discard can be taken back for ${UNDO_MS / 3_600_000} hours.`,
    );
  });

  const DiscardBody = z.strictObject({ selection: Selection, reason: Reason });

  app.post("/discards", only("operator"), async (c) => {
    const body = await bodyOf(c, DiscardBody);
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

/** The edits of those that have any, by letter. */
export const revisionsOf = ({ changes }: DeskDeps, letters: readonly StoredLetter[]) =>
  changes.revisionsOf(letters.filter(({ revision }) => revision > 0).map(({ id }) => id));

type EditContext = {
  readonly nowMs: number;
  /** What the patch must not test any of; absent for somebody who has unmasked the letter. */
  readonly copy: (() => MaskedCopy) | undefined;
};

/** A letter's payload after a patch, if its contract takes it then. */
export function editOf(letter: StoredLetter, patch: readonly JsonPatchOp[], { nowMs, copy }: EditContext) {
  const { record } = letter;
  if (letter.emptiedAtMs !== null || record.encoding !== undefined || record.value === null) {
    return {
      ok: false,
      message: "Nothing was edited: the letter holds no text that a patch could change.",
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
  const edit = applyEdit(letter.edited ?? record.value, patch);
  if (!edit.ok) return edit;
  const verdict = judge({ ...replayedRecordOf(letter), value: edit.value }, nowMs);
  if (verdict.kind === "passes") return edit;
  const failure = maskFailure(record.topic, verdict.failure);
  const issues = failure.reason === "schema_mismatch" ? failure.issues : [];
  return {
    ok: false,
    message: `Nothing was edited: the contract refuses the payload that the patch makes (${verdict.failure.reason}).`,
    issues,
  } as const;
}

const edited = (revision: number | null): Response =>
  errorResponse(
    "conflict",
    revision === null
      ? "Nothing was edited: the letter is no longer waiting, or somebody was faster. Read it again."
      : `Nothing was edited: the letter is at revision ${revision}. Read it again.`,
  );

export const unknownLetter = (): Response => errorResponse("not_found", "There is no dead letter with this id.");

function answerTo(c: DeskContext, replayed: Replayed, revisions: readonly LetterRevision[] = []): Response {
  switch (replayed.kind) {
    case "sent":
      return c.json(letterJsonOf(replayed.letter, revisions), 202);
    case "unknown":
      return unknownLetter();
    case "emptied":
      return errorResponse("not_replayable", "The letter's value was let go of, so there is nothing to send.");
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
        "The record is larger than the consumer takes. It is kept as it was; have its producer send it smaller.",
      );
    case "already_replaying":
      return errorResponse(
        "already_replaying",
        "The letter is being replayed and nothing was sent again. Wait for its outcome; if none comes back, replay it 5 minutes after the last time.",
      );
    case "not_sent":
      return errorResponse(
        "queue_unavailable",
        "The record could not be sent to the consumer. The letter is kept as it was; try again in a moment, or in 5 minutes if it shows as replaying.",
      );
    default:
      return replayed satisfies never;
  }
}
