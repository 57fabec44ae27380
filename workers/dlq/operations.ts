import { Hono } from "hono";
import { errorResponse } from "../../src/shared/desk/http/error.ts";
import { atDesk, type DeskEnv, noStore, sameSite } from "../../src/shared/desk/http/gate.ts";
import { faultOf, log } from "../../src/shared/telemetry/log.ts";
import { auditRoutes } from "./api/audit.ts";
import type { DeskDeps } from "./api/desk.ts";
import { groupRoutes } from "./api/groups.ts";
import { letterRoutes } from "./api/letters.ts";
import { runRoutes } from "./api/runs.ts";
import { transferRoutes } from "./api/transfer.ts";
import { EXPOSITION_TYPE, expositionOf } from "./exposition.ts";
import { outcomesOf } from "./totals.ts";

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
    groupState: "POST /ops/api/groups/{id}/state",
    groupEdit: "POST /ops/api/groups/{id}/edit",
    plan: "POST /ops/api/plans",
    runs: "GET /ops/api/runs{?first,after}",
    run: "GET /ops/api/runs/{id}",
    order: "POST /ops/api/runs/{id}/{start,pause,resume,cancel}",
    export: "GET /ops/api/export{?state,topic,source,device,reason,group,since,until,text}",
    import: "POST /ops/api/import",
    audit: "GET /ops/api/audit{?actor,target,action,first,after}",
    summary: "GET /ops/api/summary",
    outcomes: "GET /ops/api/outcomes",
    metrics: "GET /ops/metrics",
    health: "GET /ops/healthz",
  },
};

/** What operators and their scrapers ask of us over HTTP. All but the index and the health check wants a token. */
export function operations(deps: DeskDeps): Hono<DeskEnv> {
  const { letters, metrics } = deps;
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
  app.get("/ops/healthz", (c) => c.json({ status: "ok" }));

  app.use("/ops/api/*", sameSite);
  app.use("/ops/api/*", atDesk(deps));
  app.use("/ops/metrics", atDesk(deps));

  app.get("/ops/metrics", async (c) =>
    c.body(expositionOf(await metrics.read()), { headers: { "Content-Type": EXPOSITION_TYPE } }),
  );
  app.get("/ops/api/me", (c) => c.json(c.var.user));
  app.get("/ops/api/outcomes", async (c) => c.json(outcomesOf(await metrics.read())));
  app.get("/ops/api/summary", async (c) => c.json({ deadLetters: await letters.summary() }));

  for (const routes of [letterRoutes, groupRoutes, runRoutes, transferRoutes, auditRoutes]) {
    app.route("/ops/api", routes(deps));
  }
  return app;
}
