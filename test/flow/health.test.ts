import type { D1Database } from "@cloudflare/workers-types";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Stack } from "../../local/stack.ts";
import { sharedStack } from "../support/shared-stack.ts";

const WORKERS = { ingest: "/ingest", api: "/graphql", live: "/live", dlq: "/ops" } as const;

let stack: Stack;
beforeAll(async () => {
  stack = await sharedStack();
});

const get = async (path: string) => {
  const response = await fetch(new URL(path, stack.url));
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

describe("a health check through the front door", () => {
  it.each(["", ...Object.values(WORKERS)])("is answered at %s/healthz by the Worker that is up", async (path) => {
    expect(await get(`${path}/healthz`)).toMatchObject({ status: 200, body: { status: "ok" } });
  });

  it.each(Object.values(WORKERS))("names at %s/readyz what its Worker has checked", async (path) => {
    const { status, body } = await get(`${path}/readyz`);
    expect([status, body.status, body.checks]).toEqual([
      200,
      "ready",
      expect.objectContaining({ bindings: "ok", migrations: "ok" }),
    ]);
  });

  it("has no way to the metrics and archive Workers, which serve the other Workers only", async () => {
    for (const path of ["/metrics", "/metrics/readyz", "/archive", "/archive/readyz"])
      expect((await get(path)).status).toBe(404);
  });

  it("is ready at /readyz when every Worker is, and else names the one that is not, and why", {
    timeout: 30_000,
  }, async () => {
    const { status, body } = await get("/readyz");
    expect([status, Object.keys(body.workers as object)]).toEqual([
      200,
      [...Object.keys(WORKERS), "metrics", "archive"],
    ]);
    expect(body.workers).toMatchObject({
      metrics: { status: "ready", checks: { bindings: "ok", objects: "ok" } },
      archive: { status: "ready", checks: { bindings: "ok", bucket: "ok" }, archive: ["on"] },
    });
    const { DB } = await stack.worker<{ DB: D1Database }>("concord-ingest").getEnv();
    const rename = (from: string, to: string) =>
      DB.prepare("UPDATE d1_migrations SET name = ?2 WHERE name = ?1").bind(from, to).run();
    const last = (await DB.prepare("SELECT name FROM d1_migrations ORDER BY id DESC").first<string>("name")) ?? "";
    await rename(last, "gone");
    // An answer is good for five seconds.
    await new Promise((resolve) => setTimeout(resolve, 5_500));
    const unready = await get("/readyz");
    expect([unready.status, unready.body.status]).toEqual([503, "not ready"]);
    expect(JSON.stringify(unready.body.workers)).toContain("is not applied");
    expect((await get("/ops/readyz")).status).toBe(503);
    // Who is not ready is still up.
    expect((await get("/ops/healthz")).status).toBe(200);
    await rename("gone", last);
    await vi.waitFor(async () => expect((await get("/readyz")).status).toBe(200), { timeout: 10_000, interval: 200 });
  });
});
