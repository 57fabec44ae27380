import { beforeEach, describe, expect, it } from "vitest";
import { OPS_ROLES, type OpsRole } from "#auth/ops-user.ts";
import { broken, letters } from "./broken-letters.ts";
import { bearerAt, emptyOps, opsOf } from "./support.ts";

beforeEach(emptyOps);

describe("the role that a route requires", () => {
  const AS_VIEWER: [string, string, unknown?][] = [
    ["GET", "/ops/api/me"],
    ["GET", "/ops/api/dead-letters"],
    ["GET", "/ops/api/dead-letters/a"],
    ["GET", "/ops/api/groups"],
    ["GET", "/ops/api/runs"],
    ["GET", "/ops/api/audit"],
    ["GET", "/ops/api/summary"],
    ["GET", "/ops/api/topics"],
    ["GET", "/ops/api/history?range=1h"],
    ["GET", "/ops/api/trends?groups=g"],
    ["GET", "/ops/api/outcomes"],
    ["GET", "/ops/api/devices"],
    ["GET", "/ops/api/devices/elt:1"],
    ["GET", "/ops/api/devices/elt:1/events"],
    ["GET", "/ops/api/devices/elt:1/live"],
    ["GET", "/ops/api/devices/elt:1/readings?from=2026-11-23T13:00:00Z&to=2026-11-23T14:00:00Z&step=60"],
    ["GET", "/ops/api/archive/recent?device=elt:1"],
    ["GET", "/ops/api/archive/jobs"],
    ["GET", "/ops/api/archive/jobs/files"],
    ["GET", "/ops/api/archive/verification"],
    ["GET", "/ops/api/archive/status"],
    ["GET", "/ops/api/archive/check"],
  ];
  const AS_OPERATOR: typeof AS_VIEWER = [
    ["POST", "/ops/api/dead-letters/a/replay"],
    ["POST", "/ops/api/dead-letters/a/restore"],
    ["POST", "/ops/api/discards", { selection: { ids: ["a"] }, reason: "r" }],
    ["POST", "/ops/api/groups/g/state", { state: "resolved" }],
    ["POST", "/ops/api/plans", { selection: { ids: ["a"] } }],
    ["POST", "/ops/api/runs/r/start", { hash: "h", name: "n" }],
    ["POST", "/ops/api/runs/r/pause"],
    ["POST", "/ops/api/runs/r/resume"],
    ["POST", "/ops/api/runs/r/cancel"],
    ["POST", "/ops/api/archive/jobs/files/pause"],
    ["POST", "/ops/api/archive/jobs/files/resume"],
  ];
  const AS_ADMIN: typeof AS_VIEWER = [
    ["GET", "/ops/api/dead-letters/a?unmask=why"],
    ["PATCH", "/ops/api/dead-letters/a", { patch: [{ op: "remove", path: "/data" }], reason: "r", revision: 0 }],
    ["POST", "/ops/api/groups/g/edit", { patch: [{ op: "remove", path: "/data" }], reason: "r" }],
    ["GET", "/ops/api/export"],
    ["POST", "/ops/api/import", ""],
    ["GET", "/ops/api/revocations"],
    ["POST", "/ops/api/revocations", { jti: "t", reason: "r" }],
    ["DELETE", "/ops/api/revocations/a", { reason: "r" }],
    ["GET", "/ops/api/archive/forgets"],
    ["GET", "/ops/api/archive/forgets/preview?source=elt&customerId=C-1"],
    ["GET", "/ops/api/archive/forgets/a"],
    ["POST", "/ops/api/archive/forgets", { source: "elt", customerId: "C-1", reason: "r" }],
    ["POST", "/ops/api/archive/jobs/files", { kind: "compaction" }],
    ["POST", "/ops/api/archive/jobs/files/cancel"],
  ];
  type Route = readonly [least: OpsRole, method: string, path: string, body?: unknown];
  const ALL: Route[] = [
    ["scraper", "GET", "/ops/metrics"],
    ...AS_VIEWER.map((each) => ["viewer", ...each] as const),
    ...AS_OPERATOR.map((each) => ["operator", ...each] as const),
    ...AS_ADMIN.map((each) => ["admin", ...each] as const),
  ];

  it.each(ALL.map((route) => ({ route })))("is $route.0 for $route.1 $route.2", async ({ route }) => {
    const [least, method, path, body] = route;
    await letters.park([broken("a")]);
    const { ask } = opsOf();
    expect((await ask(method, path, { body, headers: {} })).status).toBe(401);
    for (const role of OPS_ROLES) {
      const { status } = await ask(method, path, { body, headers: await bearerAt(role) });
      const may = OPS_ROLES.indexOf(role) >= OPS_ROLES.indexOf(least);
      expect([role, status === 403]).toEqual([role, !may]);
    }
  });

  it("is tested for every route", () => {
    const { app } = opsOf();
    const patternOf = (path: string) =>
      path
        .replace(/\?.*/, "")
        .replace(/\/(a|g|r)(?=\/|$)/, "/:id")
        .replace("/elt:1", "/:key")
        .replace("/files", "/:name");
    const known = new Set(ALL.map(([, method, path]) => `${method} ${patternOf(path)}`));
    const served = app.routes.filter(({ method, path }) => method !== "ALL" && path.startsWith("/ops/api"));
    const open = served.map(({ method, path }) => `${method} ${path}`).filter((route) => !known.has(route));
    // The flow is an endless stream; metrics.test.ts tests it.
    expect([...new Set(open)]).toEqual(["GET /ops/api/flow", "GET /ops/api/groups/:id", "GET /ops/api/runs/:id"]);
  });
});
