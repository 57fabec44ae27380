import { Hono } from "hono";
import * as z from "zod";
import type { AuditAction, Run, RunState } from "#ops/api.ts";
import { SORTS } from "#ops/sorts.ts";
import { DEFAULT_PACE } from "../runs/pace.ts";
import { MAX_PLANNED_BYTES, planFor } from "../runs/plan.ts";
import type { Ordered } from "../runs/replay-run.ts";
import { audited, type OpsDeps } from "./deps.ts";
import { errorResponse } from "./http/error.ts";
import { type OpsContext, type OpsEnv, only } from "./http/gate.ts";
import { CURSOR_ORDER_ERROR, cursorFitsOrder, sortedBy, toPage } from "./http/page.ts";
import { parseInput, readBody } from "./http/reading.ts";
import { describeSelection, resolveSelection, Selection } from "./selection.ts";
import { tooMany } from "./too-many.ts";
import { Why } from "./why.ts";

const PlanBody = z.strictObject({ selection: Selection, force: z.boolean().default(false) });

const StartBody = z.strictObject({
  hash: z.string().min(1),
  name: z.string().trim().min(1, "must name the run").max(100),
  rate: z.int().min(1).max(500).default(DEFAULT_PACE.rate),
  canary: z.int().min(0).max(1_000).default(DEFAULT_PACE.canary),
  maxFailurePercent: z.number().min(0).max(100).default(DEFAULT_PACE.maxFailurePercent),
});

/** The reason goes to the audit log. */
const CancelBody = z.strictObject({ reason: Why.optional() });

const Page = z.strictObject(sortedBy(SORTS.runs)).refine(cursorFitsOrder, CURSOR_ORDER_ERROR);

/** Plans a replay of many letters, and starts, pauses, resumes and cancels its run. */
export function runRoutes(deps: OpsDeps) {
  const { letters, runs, runObject, audit, now, workerVersion } = deps;
  const app = new Hono<OpsEnv>();

  app.post("/plans", only("operator"), async (c) => {
    const body = await readBody(c, PlanBody);
    if (!body.ok) return body.response;
    const { selection, force } = body.data;
    const ids = await resolveSelection(letters, selection);
    if (!ids) return tooMany();
    const made = await planFor(deps, ids, force);
    if (!made) return tooMany(`letters of more than ${MAX_PLANNED_BYTES} bytes`);
    const { plan, chosen, hash } = made;
    const id = crypto.randomUUID();
    const details = { target: id, after: { selection: describeSelection(selection), chosen: chosen.length, force } };
    await audit.add(audited(c, deps, "plan.create", details).entry);
    const { actor } = c.var.user;
    const planned = { id, plan, letterIds: chosen, hash, workerVersion, force, actor, nowMs: now() };
    return c.json(await runObject(id).plan(planned), 201);
  });

  app.get("/runs", async (c) => {
    const query = parseInput(Page, c.req.query(), "Nothing was read, because of the query");
    if (!query.ok) return query.response;
    const rows = await runs.list(query.data);
    const { page, nextCursor } = toPage(rows, query.data, ({ createdAt, id }) => [Date.parse(createdAt), id]);
    return c.json({ runs: page, nextCursor });
  });

  app.get("/runs/:id", async (c) => {
    const run = await runObject(c.req.param("id")).read();
    return run ? c.json(run) : unknownRun();
  });

  app.post("/runs/:id/start", only("operator"), async (c) => {
    const body = await readBody(c, StartBody);
    if (!body.ok) return body.response;
    const { hash, ...order } = body.data;
    return follow(c, "run.start", order, (run) => run.start({ ...body.data, workerVersion }), { status: 202 });
  });

  app.post("/runs/:id/pause", only("operator"), (c) => follow(c, "run.pause", undefined, (run) => run.pause()));
  app.post("/runs/:id/resume", only("operator"), (c) => follow(c, "run.resume", undefined, (run) => run.resume()));
  app.post("/runs/:id/cancel", only("operator"), async (c) => {
    const body = await readBody(c, CancelBody, {});
    if (!body.ok) return body.response;
    return follow(c, "run.cancel", undefined, (run) => run.cancel(), { reason: body.data.reason });
  });

  type RunObject = ReturnType<OpsDeps["runObject"]>;

  /** Writes an order to the audit log and then carries it out. Its result is in the run. */
  async function follow(
    c: OpsContext,
    action: AuditAction,
    after: unknown,
    order: (run: RunObject) => Promise<Ordered>,
    { status = 200, reason }: { status?: 200 | 202; reason?: string | undefined } = {},
  ): Promise<Response> {
    const id = c.req.param("id") as string;
    const known = await runObject(id).read();
    if (!known) return unknownRun();
    await audit.add(audited(c, deps, action, { target: id, before: { state: known.state }, after, reason }).entry);
    const ordered = await order(runObject(id));
    switch (ordered.kind) {
      case "ok":
        return c.json(ordered.run satisfies Run, status);
      case "unknown":
        return unknownRun();
      case "plan_changed":
        return errorResponse("plan_changed", `Nothing was started: ${ordered.message} Make a new plan and review it.`);
      case "wrong_state":
        return errorResponse("conflict", `Nothing was changed: the run is ${WORDS[ordered.state]}.`);
      default:
        return ordered satisfies never;
    }
  }
  return app;
}

const WORDS: Readonly<Record<RunState, string>> = {
  planned: "planned and not started",
  running: "running",
  paused: "paused",
  done: "done",
  canceled: "canceled",
};

const unknownRun = (): Response => errorResponse("not_found", "There is no run with this id.");
