import { beforeAll, describe, expect, it } from "vitest";
import { type AccessTeam, createAccessTeam } from "../../../test/support/access-team.ts";
import { authenticateOpsUser, mayAct, OPS_ROLES, signOpsToken } from "./ops-user.ts";
import { authenticate, signToken } from "./token.ts";

const SECRET = "a-secret-of-at-least-thirty-two-characters";

let team: AccessTeam;
const signed: AccessTeam["sign"] = (...given) => team.sign(...given);

beforeAll(async () => {
  team = await createAccessTeam({
    viewers: ["*@example.com"],
    operators: ["bob@example.com"],
    admins: ["Ann@example.com"],
    services: { "c1.access": "scraper", "c2.access": "operator" },
  });
});

const byToken = async (token: string) =>
  authenticateOpsUser({ authorization: `Bearer ${token}`, accessJwt: null }, { secret: SECRET, access: team.access });
const byAccess = async (jwt: string) =>
  authenticateOpsUser({ authorization: null, accessJwt: jwt }, { secret: SECRET, access: team.access });

describe("a token", () => {
  it.each(OPS_ROLES)("of role %s names who asks", async (role) => {
    const token = await signOpsToken({ actor: "ann@example.com", role }, SECRET, "1h");
    expect(await byToken(token)).toEqual({
      ok: true,
      user: { actor: "ann@example.com", role },
      by: "token",
      expiresAtMs: expect.any(Number),
      token: { kid: null, jti: expect.any(String), sub: "ann@example.com", issuedAtS: expect.any(Number) },
    });
  });

  it("of role ops is an operator's, and those of services and dealers are not accepted", async () => {
    expect(await byToken(await signToken({ role: "ops" }, SECRET, "1h"))).toMatchObject({ user: { role: "operator" } });
    for (const scope of [{ role: "service" }, { role: "dealer", dealerIds: ["D-1"] }] as const) {
      expect(await byToken(await signToken(scope, SECRET, "1h"))).toMatchObject({ ok: false, status: 403 });
    }
  });

  it("of the operations API is accepted by the operations API only", async () => {
    const token = await signOpsToken({ actor: "a", role: "admin" }, SECRET, "1h");
    expect(await authenticate(`Bearer ${token}`, { secret: SECRET })).toMatchObject({ ok: false });
  });

  it.each(["nonsense", "a.b.c", ""])("that is %j is refused", async (token) => {
    expect(await byToken(token)).toMatchObject({ ok: false, status: 401 });
  });

  it("is refused if it was signed with another secret or has expired", async () => {
    const user = { actor: "a", role: "admin" } as const;
    expect(await byToken(await signOpsToken(user, `${SECRET}!`, "1h"))).toMatchObject({ ok: false, status: 401 });
    expect(await byToken(await signOpsToken(user, SECRET, "-1h"))).toMatchObject({ ok: false, status: 401 });
  });
});

describe("Cloudflare Access", () => {
  it.each([
    ["ann@example.com", "admin"],
    ["ANN@EXAMPLE.COM", "admin"],
    ["bob@example.com", "operator"],
    ["eve@example.com", "viewer"],
  ])("admits %s as %s", async (email, role) => {
    expect(await byAccess(await signed({ email }))).toEqual({
      ok: true,
      user: { actor: email.toLowerCase(), role },
      by: "access",
      expiresAtMs: expect.any(Number),
      token: null,
    });
  });

  it.each([
    ["c1.access", "scraper"],
    ["c2.access", "operator"],
  ])("admits the service token %s as %s", async (common_name, role) => {
    // Of a service token, Access leaves the subject empty.
    expect(await byAccess(await signed({ sub: "", common_name }))).toEqual({
      ok: true,
      user: { actor: common_name, role },
      by: "access-service",
      expiresAtMs: expect.any(Number),
      token: null,
    });
  });

  it.each([
    [{ common_name: "c3.access" }],
    [{ common_name: "C1.ACCESS" }],
    [{ common_name: "constructor" }],
    [{ common_name: "__proto__" }],
    [{ common_name: "ann@example.com" }],
    [{ common_name: ["c1.access"] }],
    [{ common_name: "" }],
    [{ email: "c2.access" }],
    [{ email: "eve@evil.com", common_name: "c2.access" }],
    [{ email: "eve@example.com.evil" }],
    [{ email: "eve@evil.com" }],
    [{}],
    [{ email: 7 }],
    [{ role: "admin" }],
  ])("does not admit %j", async (claims) => {
    expect(await byAccess(await signed(claims))).toMatchObject({ ok: false, status: 403 });
  });

  it("tells a person who has no role whom it took them for", async () => {
    const refused = await byAccess(await signed({ email: "eve@evil.com" }));
    expect(refused).toMatchObject({ message: expect.stringMatching(/eve@evil.com.* no role/) });
  });

  it("is not accepted for another audience, issuer or key, or if it is not configured", async () => {
    const email = "ann@example.com";
    expect(await byAccess(await signed({ email }, { audience: "other" }))).toMatchObject({ ok: false, status: 401 });
    expect(await byAccess(await signed({ email }, { issuer: "https://evil.example" }))).toMatchObject({
      ok: false,
      status: 401,
    });
    expect(await byAccess(await signOpsToken({ actor: email, role: "admin" }, SECRET, "1h"))).toMatchObject({
      ok: false,
    });
    const token = { authorization: null, accessJwt: await signed({ email }) };
    expect(await authenticateOpsUser(token, { secret: SECRET })).toMatchObject({ ok: false, status: 401 });
  });
});

it("each role may do what the roles before it may", () => {
  const may = OPS_ROLES.map((role) => OPS_ROLES.filter((as) => mayAct({ actor: "a", role }, as)));
  expect(may).toEqual([
    ["scraper"],
    ["scraper", "viewer"],
    ["scraper", "viewer", "operator"],
    ["scraper", "viewer", "operator", "admin"],
  ]);
});
