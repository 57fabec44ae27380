import { Hono } from "hono";
import { errorResponse } from "../../src/shared/desk/http/error.ts";
import { atDesk, type DeskEnv, noStore, sameSite } from "../../src/shared/desk/http/gate.ts";
import { faultOf, log } from "../../src/shared/telemetry/log.ts";
import { auditRoutes } from "./api/audit.ts";
import type { DeskDeps } from "./api/desk.ts";
import { groupRoutes } from "./api/groups.ts";
import { letterRoutes } from "./api/letters.ts";
import { overviewRoutes } from "./api/overview.ts";
import { runRoutes } from "./api/runs.ts";
import { transferRoutes } from "./api/transfer.ts";
import { deskFiguresOf } from "./metrics/desk-figures.ts";
import { EXPOSITION_TYPE, expositionOf } from "./metrics/exposition.ts";
import { topicsOverviewOf } from "./metrics/overview.ts";

const INDEX = {
  name: "concord operations",
  endpoints: {
    me: "GET /ops/api/me",
    devices: "GET /ops/api/devices{?text,source,dealer,status,first,after}",
    device: "GET /ops/api/devices/{key}",
    deviceEvents: "GET /ops/api/devices/{key}/events{?first,after}",
    deviceLive: "GET /ops/api/devices/{key}/live{?after}",
    deadLetters: "GET /ops/api/dead-letters{?state,topic,source,device,reason,group,since,until,text,first,after}",
    deadLetter: "GET /ops/api/dead-letters/{id}{?unmask}",
    edit: "PATCH /ops/api/dead-letters/{id}",
    replay: "POST /ops/api/dead-letters/{id}/replay",
    restore: "POST /ops/api/dead-letters/{id}/restore",
    discard: "POST /ops/api/discards",
    groups: "GET /ops/api/groups{?state,topic,reason,first,after}",
    group: "GET /ops/api/groups/{id}",
    trends: "GET /ops/api/trends{?groups}",
    groupState: "POST /ops/api/groups/{id}/state",
    groupEdit: "POST /ops/api/groups/{id}/edit",
    plan: "POST /ops/api/plans",
    runs: "GET /ops/api/runs{?first,after}",
    run: "GET /ops/api/runs/{id}",
    order: "POST /ops/api/runs/{id}/{start,pause,resume,cancel}",
    export: "GET /ops/api/export{?state,topic,source,device,reason,group,since,until,text}",
    import: "POST /ops/api/import",
    audit: "GET /ops/api/audit{?actor,target,action,first,after}",
    flow: "GET /ops/api/flow (server-sent events)",
    topics: "GET /ops/api/topics",
    history: "GET /ops/api/history{?range,name}",
    summary: "GET /ops/api/summary",
    outcomes: "GET /ops/api/outcomes",
    metrics: "GET /ops/metrics",
    health: "GET /ops/healthz",
    readiness: "GET /ops/readyz",
  },
};

/** What operators and their scrapers ask of us over HTTP. All but the index and the health check wants a token. */
export function operations(deps: DeskDeps): Hono<DeskEnv> {
  const { metrics, now } = deps;
  const app = new Hono<DeskEnv>();
  app.use(noStore);
  app.onError((thrown) => {
    log("error", "operations.failed", faultOf(thrown));
    return errorResponse("internal", "Something failed on our side. No letter was lost; try again in a moment.");
  });
  app.notFound(({ req }) =>
    errorResponse("not_found", `There is no ${req.method} ${req.path}; GET /ops lists what is.`),
  );

  app.get("/ops", (c) => c.json(INDEX));
  app.get("/ops/healthz", (c) => c.json({ status: "ok", worker: "dlq" }));

  for (const path of ["/ops/api/*", "/ops/metrics"]) app.use(path, sameSite, atDesk(deps));

  app.get("/ops/metrics", async (c) => {
    const [totals, times, desk] = await Promise.all([metrics.read(), metrics.times(), deskFiguresOf(deps)]);
    const text = expositionOf({ totals, topics: topicsOverviewOf(totals, times, now()), desk });
    return c.body(text, { headers: { "Content-Type": EXPOSITION_TYPE } });
  });
  app.get("/ops/api/me", (c) => c.json(c.var.user));

  for (const routes of [overviewRoutes, letterRoutes, groupRoutes, runRoutes, transferRoutes, auditRoutes]) {
    app.route("/ops/api", routes(deps));
  }
  return app;
}
