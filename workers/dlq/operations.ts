import { Hono } from "hono";
import { IssuerUnreachable } from "#auth/issuer.ts";
import type { Me } from "#ops/api.ts";
import { logFault } from "#telemetry/fault.ts";
import { EXPOSITION_TYPE } from "#telemetry/prometheus.ts";
import { readArchiveFigures } from "./metrics/archive-figures.ts";
import { formatExposition } from "./metrics/exposition.ts";
import { readJobsForScrape } from "./metrics/job-gauges.ts";
import { readLetterFigures } from "./metrics/letter-figures.ts";
import { toTopicsOverview } from "./metrics/overview.ts";
import { readVerificationForScrape } from "./metrics/verification-gauges.ts";
import { archiveFileRoutes } from "./ops/archive/files.ts";
import { archiveForgettingRoutes } from "./ops/archive/forgetting.ts";
import { archiveJobRoutes } from "./ops/archive/jobs.ts";
import { archiveRecentRoutes } from "./ops/archive/recent.ts";
import { archiveVerificationRoutes } from "./ops/archive/verification.ts";
import { auditRoutes } from "./ops/audit.ts";
import type { OpsDeps } from "./ops/deps.ts";
import { deviceRoutes } from "./ops/devices/devices.ts";
import { groupRoutes } from "./ops/groups.ts";
import { errorResponse } from "./ops/http/error.ts";
import { forOperators, noStore, type OpsEnv, only } from "./ops/http/gate.ts";
import { refuseOtherOrigins, requireOwnPage } from "./ops/http/same-origin.ts";
import { letterRoutes } from "./ops/letters.ts";
import { overviewRoutes } from "./ops/overview.ts";
import { revocationRoutes } from "./ops/revocations.ts";
import { runRoutes } from "./ops/runs.ts";
import { transferRoutes } from "./ops/transfer.ts";

const INDEX = {
  name: "concord operations",
  endpoints: {
    me: "GET /ops/api/me",
    devices: "GET /ops/api/devices{?text,source,dealer,status,first,after}",
    device: "GET /ops/api/devices/{key}{?asOf,knownAt}",
    deviceReadings: "GET /ops/api/devices/{key}/readings{?from,to,step,fields}",
    deviceEvents: "GET /ops/api/devices/{key}/events{?first,after}",
    deviceLive: "GET /ops/api/devices/{key}/live{?after}",
    deadLetters: "GET /ops/api/dead-letters{?state,topic,source,device,reason,group,since,until,text,sort,first,after}",
    deadLetter: "GET /ops/api/dead-letters/{id}{?unmask}",
    edit: "PATCH /ops/api/dead-letters/{id}",
    replay: "POST /ops/api/dead-letters/{id}/replay",
    restore: "POST /ops/api/dead-letters/{id}/restore",
    discard: "POST /ops/api/discards",
    groups: "GET /ops/api/groups{?state,topic,reason,since,until,sort,first,after}",
    group: "GET /ops/api/groups/{id}",
    trends: "GET /ops/api/trends{?groups}",
    groupState: "POST /ops/api/groups/{id}/state",
    groupEdit: "POST /ops/api/groups/{id}/edit",
    plan: "POST /ops/api/plans",
    runs: "GET /ops/api/runs{?sort,first,after}",
    run: "GET /ops/api/runs/{id}",
    order: "POST /ops/api/runs/{id}/{start,pause,resume,cancel}",
    export: "GET /ops/api/export{?state,topic,source,device,reason,group,since,until,text}",
    import: "POST /ops/api/import",
    audit: "GET /ops/api/audit{?actor,target,action,since,until,sort,first,after}",
    revocations: "GET /ops/api/revocations",
    revoke: "POST /ops/api/revocations",
    // biome-ignore lint/plugin: a method of HTTP, and no SQL
    unrevoke: "DELETE /ops/api/revocations/{id}",
    archiveStatus: "GET /ops/api/archive/status",
    archiveCheck: "GET /ops/api/archive/check{?day,after}",
    archiveRecent: "GET /ops/api/archive/recent{?device,seconds}",
    forgetRequests: "GET /ops/api/archive/forgets",
    forgetPreview: "GET /ops/api/archive/forgets/preview{?source,customerId}",
    forget: "POST /ops/api/archive/forgets",
    forgetCertificate: "GET /ops/api/archive/forgets/{id}",
    archiveJobs: "GET /ops/api/archive/jobs",
    archiveJob: "GET|POST /ops/api/archive/jobs/{name}",
    archiveOrder: "POST /ops/api/archive/jobs/{name}/{pause,resume,cancel}",
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

/** The latest time that a `Date` can be. A token may expire later. */
const MAX_TIME_MS = 8.64e15;

/** The HTTP API for operators and Prometheus. All endpoints but the index and the health check require a token. */
export function operations(deps: OpsDeps): Hono<OpsEnv> {
  const { metrics, now } = deps;
  const app = new Hono<OpsEnv>();
  app.use(noStore);
  app.onError((thrown) => {
    const id = logFault("operations.failed", thrown);
    if (thrown instanceof IssuerUnreachable) {
      return errorResponse(
        "unavailable",
        "Cloudflare Access does not answer, so you could not be authenticated. Nothing was done; try again in a moment.",
      );
    }
    return errorResponse("internal", "Something failed on our side. No letter was lost; try again in a moment.", {
      id,
    });
  });
  app.notFound(({ req }) =>
    errorResponse("not_found", `There is no ${req.method} ${req.path}. GET /ops lists the endpoints.`),
  );

  app.get("/ops", (c) => c.json(INDEX));
  app.get("/ops/healthz", (c) => c.json({ status: "ok", worker: "dlq" }));

  for (const path of ["/ops/api/*", "/ops/metrics"]) app.use(path, refuseOtherOrigins, forOperators(deps));
  app.use("/ops/api/*", only("viewer"), requireOwnPage);

  app.get("/ops/metrics", async (c) => {
    const [jobs, totals, times, deadLetters, databaseBytes, archive, verification] = await Promise.all([
      readJobsForScrape(deps.archive),
      metrics.read(),
      metrics.times(),
      readLetterFigures(deps),
      deps.databaseBytes(),
      readArchiveFigures(deps),
      readVerificationForScrape(deps.archive),
    ]);
    const text = formatExposition({
      jobs,
      totals,
      topics: toTopicsOverview(totals, times, now()),
      deadLetters,
      databaseBytes,
      archive,
      verification,
    });
    return c.body(text, { headers: { "Content-Type": EXPOSITION_TYPE } });
  });
  app.get("/ops/api/me", (c) => {
    const { user, by, expiresAtMs } = c.var;
    return c.json<Me>({ ...user, by, expiresAt: new Date(Math.min(expiresAtMs, MAX_TIME_MS)).toISOString() });
  });

  app.route("/ops/api/devices", deviceRoutes({ ...deps.devices, now }));
  for (const routes of [
    overviewRoutes,
    letterRoutes,
    groupRoutes,
    runRoutes,
    transferRoutes,
    auditRoutes,
    revocationRoutes,
    archiveFileRoutes,
    archiveJobRoutes,
    archiveRecentRoutes,
    archiveForgettingRoutes,
    archiveVerificationRoutes,
  ]) {
    app.route("/ops/api", routes(deps));
  }
  return app;
}
