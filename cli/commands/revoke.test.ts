import { decodeJwt } from "jose";
import { afterEach, describe, expect, it } from "vitest";
import { concord } from "../../test/support/fake-terminal.ts";
import { type Answers, type OpsStub, startOpsStub } from "../../test/support/ops-stub.ts";

let stub: OpsStub | undefined;
afterEach(() => stub?.stop());

const ENTRY = {
  id: "token:t-1",
  revokedAt: "2026-11-23T12:00:00.000Z",
  until: "2026-12-23T12:00:00.000Z",
  revokedBy: "ann@example.com",
  reason: "lost",
};

async function run(args: readonly string[], answers: Answers = {}) {
  stub = await startOpsStub({ "POST /revocations": () => ({ status: 201, json: ENTRY }), ...answers });
  return concord(args, { url: stub.url });
}

describe("concord revoke", () => {
  it("sends a token's id and its end, and never the token", async () => {
    const { out: token } = await concord(["token", "--role", "ops", "--expires", "7d"]);
    const { jti, exp = 0 } = decodeJwt(token);
    const ended = await run(["revoke", token, "--because", "lost"]);
    expect([ended.code, ended.out]).toEqual([0, "token:t-1 is revoked. The entry is kept until 2026-12-23 12:00:00Z"]);
    const [{ body = "" } = {}] = stub?.requests ?? [];
    expect(JSON.parse(body)).toEqual({ jti, expiresAt: new Date(exp * 1_000).toISOString(), reason: "lost" });
    expect(body).not.toContain(token.split(".")[2]);
  });

  it("sends the id alone of a token whose end is no time", async () => {
    const part = (json: object) => Buffer.from(JSON.stringify(json)).toString("base64url");
    const token = `${part({ alg: "EdDSA" })}.${part({ jti: "t-1", exp: 1e20 })}.x`;
    expect((await run(["revoke", token, "--because", "lost"])).code).toBe(0);
    expect(JSON.parse(stub?.requests[0]?.body ?? "")).toEqual({ jti: "t-1", reason: "lost" });
  });

  it.each([
    [["revoke", "t-1", "--because", "lost"], { jti: "t-1", reason: "lost" }],
    [["revoke", "--subject", "ann", "--because", "left"], { subject: "ann", reason: "left" }],
  ])("%j sends %j", async (args, expected) => {
    await run(args);
    expect(JSON.parse(stub?.requests[0]?.body ?? "")).toEqual(expected);
  });

  it.each([
    [["revoke", "--because", "lost"], /give the token or its id/],
    [["revoke", "t-1", "--subject", "ann", "--because", "lost"], /give the token or its id/],
    [["revoke", "t-1"], /--because is required/],
    [["revoke", "a.b.c", "--because", "lost"], /that is no token/],
    [["revocations", "--remove", "token:t-1"], /--because is required/],
  ])("%j ends with 2 and sends nothing", async (args, message) => {
    expect(await run(args)).toMatchObject({ code: 2, err: expect.stringMatching(message) });
    expect(stub?.requests).toEqual([]);
  });
});

describe("concord revocations", () => {
  it("lists them, and takes one back by its id, whatever it holds", async () => {
    const listed = await run(["revocations"], {
      "GET /revocations": () => ({ json: { revocations: [ENTRY], nextCursor: null } }),
    });
    expect(listed.out).toMatch(
      /^REVOKED +WHAT +BY +KEPT UNTIL +REASON\n2026-11-23 12:00:00Z +token:t-1 +ann@example\.com/,
    );
    await stub?.stop();
    const removed = await run(["revocations", "--remove", "subject:a/b", "--because", "by mistake"], {
      "DELETE /revocations/subject%3Aa%2Fb": () => ({ json: { removed: "subject:a/b" } }),
    });
    expect(removed).toMatchObject({ code: 0, out: "subject:a/b is no longer revoked" });
    expect(JSON.parse(stub?.requests[0]?.body ?? "")).toEqual({ reason: "by mistake" });
  });
});
