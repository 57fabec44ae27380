import { decodeJwt } from "jose";
import { beforeEach, describe, expect, it } from "vitest";
import { LOCAL_TOKEN_KEY } from "#auth/local-key.ts";
import { signOpsToken } from "#auth/ops-user.ts";
import { MAX_REVOCATIONS } from "#repositories/revocation.ts";
import worker from "../../../workers/dlq/index.ts";
import { bearerAt, emptyOps, env, opsOf } from "./support.ts";

const PATH = "/ops/api/revocations";
const NOW_MS = Date.now();
const inMs = (ms: number) => new Date(NOW_MS + ms).toISOString();

beforeEach(async () => {
  await emptyOps();
  await env.DB.exec("DELETE FROM token_revocations");
});

const asAdmin = async () => {
  const headers = await bearerAt("admin", "ann@example.com");
  const { ask } = opsOf({ nowMs: NOW_MS });
  return {
    post: (body: unknown) => ask("POST", PATH, { body, headers }),
    list: async () => (await ask("GET", PATH, { headers })).body.revocations,
    remove: (id: string, body: unknown = { reason: "by mistake" }) =>
      ask("DELETE", `${PATH}/${encodeURIComponent(id)}`, { body, headers }),
    audit: async () => (await ask("GET", "/ops/api/audit?first=2", { headers })).body.audit,
  };
};

describe("a revocation", () => {
  it("of a token is kept until the token's end, and is in the audit log", async () => {
    const { post, list, audit } = await asAdmin();
    const { status, body } = await post({ jti: "t-1", expiresAt: inMs(60_000), reason: "lost" });
    const expected = { id: "token:t-1", until: inMs(60_000), revokedBy: "ann@example.com", reason: "lost" };
    expect([status, body]).toEqual([201, { ...expected, revokedAt: inMs(0) }]);
    expect(await list()).toEqual([body]);
    expect((await audit())[0]).toMatchObject({ action: "token.revoke", target: "token:t-1", reason: "lost" });
  });

  it("of a subject, or of a token whose end is not known, is kept as long as a token may live", async () => {
    const { post } = await asAdmin();
    const until = inMs(366 * 86_400_000);
    expect((await post({ subject: "bob@example.com", reason: "left" })).body).toMatchObject({ until });
    expect((await post({ jti: "t-1", reason: "lost" })).body).toMatchObject({ until });
    expect((await post({ jti: "t-2", expiresAt: inMs(9e11), reason: "lost" })).body).toMatchObject({ until });
  });

  it("that is made again counts from then, and never ends earlier", async () => {
    const { post, list } = await asAdmin();
    await post({ jti: "t-1", expiresAt: inMs(60_000), reason: "lost" });
    await post({ jti: "t-1", expiresAt: inMs(30_000), reason: "again" });
    expect(await list()).toMatchObject([{ id: "token:t-1", until: inMs(60_000), reason: "again" }]);
  });

  it("is taken back with a reason, which is in the audit log, and only if there is one", async () => {
    const { post, list, remove, audit } = await asAdmin();
    await post({ subject: "a/b c?%", reason: "left" });
    expect((await remove("subject:a/b c?%", {})).status).toBe(400);
    expect((await remove("subject:a/b c?%")).status).toBe(200);
    expect(await list()).toEqual([]);
    expect((await audit())[0]).toMatchObject({ action: "token.unrevoke", target: "subject:a/b c?%" });
    expect((await remove("subject:a/b c?%")).status).toBe(404);
    expect((await remove("nonsense")).status).toBe(404);
    expect((await audit())[0]).toMatchObject({ action: "token.unrevoke", target: "subject:a/b c?%" });
  });

  it.each<[string, object, number]>([
    ["neither a token nor a subject", { reason: "r" }, 400],
    ["both", { jti: "t", subject: "s", reason: "r" }, 400],
    ["no reason", { jti: "t" }, 400],
    ["a token itself, with spaces", { jti: "a b", reason: "r" }, 400],
    ["an unknown member", { jti: "t", reason: "r", token: "x" }, 400],
    ["a token that has expired", { jti: "t", expiresAt: inMs(-1), reason: "r" }, 409],
  ])("of %s is refused, and nothing is kept", async (_, body, status) => {
    const { post, list } = await asAdmin();
    expect((await post(body)).status).toBe(status);
    expect(await list()).toEqual([]);
  });

  it("is refused when there are as many as an isolate reads, but not one of what is revoked already", async () => {
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
       INSERT INTO token_revocations SELECT 'token:' || i, 1, ?2, 'a', 'r' FROM n`,
    )
      .bind(MAX_REVOCATIONS, NOW_MS + 60_000)
      .run();
    const { post } = await asAdmin();
    expect(await post({ jti: "one-more", reason: "r" })).toMatchObject({ status: 413 });
    expect(await post({ jti: "7", reason: "r" })).toMatchObject({ status: 201 });
  });

  it("is deleted in the minute after its token would have expired", async () => {
    const { post, list } = await asAdmin();
    await post({ jti: "short", expiresAt: inMs(60_000), reason: "r" });
    await post({ jti: "long", expiresAt: inMs(600_000), reason: "r" });
    const event = { scheduledTime: NOW_MS + 61_000 } as ScheduledController;
    await worker.scheduled(event, env);
    expect(await list()).toMatchObject([{ id: "token:long" }]);
  });
});

it("the operations API refuses a revoked token", async () => {
  const token = await signOpsToken({ actor: "bob", role: "admin" }, LOCAL_TOKEN_KEY, "1h");
  const headers = { Authorization: `Bearer ${token}` };
  const { post } = await asAdmin();
  await post({ jti: decodeJwt(token).jti, reason: "lost" });
  const { deps, app } = opsOf();
  expect((await app.request("/ops/api/me", { headers })).status).toBe(200);
  // An isolate that has not read the list before.
  const fresh = { ...env, DB: { withSession: env.DB.withSession.bind(env.DB) } } as unknown as typeof env;
  const { revocationCheck } = await import("#telemetry/revocations.ts");
  const { operations } = await import("../../../workers/dlq/operations.ts");
  const trust = { ...deps.trust, isRevoked: revocationCheck(fresh.DB) };
  const refused = await operations({ ...deps, trust }).request("/ops/api/me", { headers });
  expect([refused.status, await refused.text()]).toEqual([401, expect.stringContaining("was revoked")]);
});
