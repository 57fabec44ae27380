import { Hono } from "hono";
import * as z from "zod";
import { mayAct } from "../../../src/shared/auth/desk-user.ts";
import { applyEdit, JsonPatch, type JsonPatchOp } from "../../../src/shared/desk/edit.ts";
import { errorResponse } from "../../../src/shared/desk/http/error.ts";
import { type DeskContext, type DeskEnv, only } from "../../../src/shared/desk/http/gate.ts";
import { Cursor, cursorOf, First } from "../../../src/shared/desk/http/page.ts";
import { bodyOf, readBy } from "../../../src/shared/desk/http/reading.ts";
import { judge } from "../../../src/shared/desk/verdict.ts";
import { MAX_REPLAYS, type StoredLetter } from "../../../src/shared/repositories/dead-letter.ts";
import { UNDO_MS } from "../../../src/shared/repositories/letter-change.ts";
import { auditJsonOf, letterJsonOf, revisionJsonOf } from "../letter-json.ts";
import { type Replayed, replay, replayedRecordOf } from "../replay.ts";
import { unchangedSinceFailure } from "../runs/plan.ts";
import { type DeskDeps, told } from "./desk.ts";
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
    return c.json({
      deadLetters: page.letters.map((letter) => letterJsonOf(letter)),
      nextCursor: page.next && cursorOf([page.next.lastFailedAtMs, page.next.id]),
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
    if (!reason.success) return errorResponse("invalid_parameter", "Nothing was unmasked: ?unmask= has to say why.");
    // Before it is shown: what was seen without a word of it would have no trace.
    await audit.add(told(c, deps, "letter.unmask", { target: letter.id, reason: reason.data }).entry);
    return c.json(await detailOf(letter, true));
  });

  const detailOf = async (letter: StoredLetter, unmasked: boolean) => {
    const [revisions, entries] = await Promise.all([
      changes.revisionsOf(letter.id),
      audit.list({ target: letter.id, first: 50 }),
    ]);
    return {
      ...letterJsonOf(letter, unmasked),
      revisions: revisions.map((revision) => revisionJsonOf(revision, letter, unmasked)),
      audit: entries.map(auditJsonOf),
    };
  };

  const EditBody = z.strictObject({ patch: JsonPatch, reason: Reason, revision: z.int().min(0) });

  app.patch("/dead-letters/:id", only("admin"), async (c) => {
    const body = await bodyOf(c, EditBody);
    if (!body.ok) return body.response;
    const { patch, reason, revision } = body.data;
    const letter = await letters.find(c.req.param("id"));
    if (!letter) return unknownLetter();
    if (letter.revision !== revision) return edited(letter.revision);
    const edit = editOf(letter, patch, now());
    if (!edit.ok) return errorResponse("not_valid", edit.message, { issues: edit.issues ?? [] });
    const change = { id: letter.id, revision, edited: edit.value, patch, reason };
    const done = await changes.edit([change], told(c, deps, "letter.edit", { target: letter.id, reason }));
    if (done.length === 0) return edited(null);
    return c.json(letterJsonOf((await letters.find(letter.id)) ?? letter, true));
  });

  const ReplayBody = z.strictObject({ force: z.boolean().default(false) });

  app.post("/dead-letters/:id/replay", only("operator"), async (c) => {
    const body = await bodyOf(c, ReplayBody, {});
    if (!body.ok) return body.response;
    const id = c.req.param("id");
    const known = await letters.find(id);
    if (known && !body.data.force) {
      const why = await unchangedSinceFailure(known, deps.workerVersion, now());
      if (why) return errorResponse("not_replayable", why);
    }
    if (known) await audit.add(told(c, deps, "letter.replay", { target: id, before: { state: known.state } }).entry);
    return answerTo(c, await replay(deps, id, body.data.force));
  });

  app.post("/dead-letters/:id/restore", only("operator"), async (c) => {
    const id = c.req.param("id");
    const restored = await changes.restore(id, told(c, deps, "letter.restore", { target: id }));
    const letter = await letters.find(id);
    if (!letter) return unknownLetter();
    if (restored) return c.json(letterJsonOf(letter));
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
    const discarded = await changes.discard(ids, reason, told(c, deps, "letter.discard", { target, reason }));
    return c.json({ discarded: discarded.length });
  });
  return app;
}

/** A letter's payload after a patch, if its contract takes it then. */
export function editOf(letter: StoredLetter, patch: readonly JsonPatchOp[], nowMs: number) {
  const { record } = letter;
  if (letter.emptiedAtMs !== null || record.encoding !== undefined || record.value === null) {
    return {
      ok: false,
      message: "Nothing was edited: the letter holds no text that a patch could change.",
      issues: [],
    } as const;
  }
  const edit = applyEdit(letter.edited ?? record.value, patch);
  if (!edit.ok) return edit;
  const verdict = judge({ ...replayedRecordOf(letter), value: edit.value }, nowMs);
  if (verdict.kind === "passes") return edit;
  const issues = verdict.failure.reason === "schema_mismatch" ? verdict.failure.issues : [];
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

export const unknownLetter = (): Response =>
  errorResponse("not_found", "There is no dead letter of this id. GET /ops/api/dead-letters lists those there are.");

function answerTo(c: DeskContext, replayed: Replayed): Response {
  switch (replayed.kind) {
    case "sent":
      return c.json(letterJsonOf(replayed.letter), 202);
    case "unknown":
      return unknownLetter();
    case "emptied":
      return errorResponse("not_replayable", "The letter's value was let go of, so there is nothing to send.");
    case "closed":
      return errorResponse(
        "not_replayable",
        replayed.letter.state === "quarantined"
          ? `The letter has failed ${MAX_REPLAYS} replays. Nothing was sent; mend its cause, and replay it with "force": true.`
          : replayed.letter.state === "discarded"
            ? "The letter is discarded. Nothing was sent; restore it first."
            : 'The letter is resolved. Nothing was sent; to send it all the same, say "force": true.',
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
