import { Hono } from "hono";
import * as z from "zod";
import { AUDIT_ACTIONS } from "../../../src/shared/desk/api.ts";
import type { DeskEnv } from "../../../src/shared/desk/http/gate.ts";
import { Cursor, First, pageOf } from "../../../src/shared/desk/http/page.ts";
import { readBy } from "../../../src/shared/desk/http/reading.ts";
import { auditJsonOf } from "../letter-json.ts";
import type { DeskDeps } from "./desk.ts";

const Query = z.strictObject({
  actor: z.string().min(1).max(200).optional(),
  target: z.string().min(1).max(200).optional(),
  action: z.enum(AUDIT_ACTIONS, `must be one of ${AUDIT_ACTIONS.join(", ")}`).optional(),
  first: First,
  after: Cursor.optional(),
});

/** What was done at the desk, newest first. */
export function auditRoutes({ audit }: DeskDeps) {
  const app = new Hono<DeskEnv>();
  app.get("/audit", async (c) => {
    const query = readBy(Query, c.req.query(), "Nothing was read, because of the query");
    if (!query.ok) return query.response;
    const { first, after, ...filter } = query.data;
    const rows = await audit.list({ ...filter, first: first + 1, after: after?.[0] });
    const { page, nextCursor } = pageOf(rows, first, ({ id }) => [id, "audit"]);
    return c.json({ audit: page.map(auditJsonOf), nextCursor });
  });
  return app;
}
