import { Hono } from "hono";
import * as z from "zod";
import { AUDIT_ACTIONS } from "#ops/api.ts";
import { SORTS } from "#ops/sorts.ts";
import { toAuditJson } from "../letter-json.ts";
import type { OpsDeps } from "./deps.ts";
import type { OpsEnv } from "./http/gate.ts";
import { CURSOR_ORDER_ERROR, cursorFitsOrder, sortedBy, toPage } from "./http/page.ts";
import { parseInput } from "./http/reading.ts";
import { Time } from "./selection.ts";

const Query = z
  .strictObject({
    actor: z.string().min(1).max(200).optional(),
    target: z.string().min(1).max(200).optional(),
    action: z.enum(AUDIT_ACTIONS, `must be one of ${AUDIT_ACTIONS.join(", ")}`).optional(),
    since: Time.optional(),
    until: Time.optional(),
    ...sortedBy(SORTS.audit),
  })
  .refine(cursorFitsOrder, CURSOR_ORDER_ERROR);

/** The audit log: what operators did, newest first unless sorted otherwise. */
export function auditRoutes({ audit }: OpsDeps) {
  const app = new Hono<OpsEnv>();
  app.get("/audit", async (c) => {
    const query = parseInput(Query, c.req.query(), "Nothing was read, because of the query");
    if (!query.ok) return query.response;
    const { since, until, ...others } = query.data;
    const rows = await audit.list({ ...others, sinceMs: since, untilMs: until });
    const { page, nextCursor } = toPage(rows, others, ({ atMs, id }) => [atMs, String(id)]);
    return c.json({ audit: page.map(toAuditJson), nextCursor });
  });
  return app;
}
