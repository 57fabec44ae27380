import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { authenticateOpsUser, mayAct, type OpsAccess, OpsAccess as OpsAccessSchema, signOpsToken } from "./ops-user.ts";
import { authenticate, signToken } from "./token.ts";

const SECRET = "a-secret-of-at-least-thirty-two-characters";
const ISSUER = "https://team.cloudflareaccess.com";

let access: OpsAccess;
let signed: (claims: object, more?: { audience?: string; issuer?: string }) => Promise<string>;

beforeAll(async () => {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const key = { ...(await exportJWK(publicKey)), kid: "k", alg: "RS256" };
  access = OpsAccessSchema.parse({
    issuer: ISSUER,
    audience: "aud",
    jwks: { keys: [key] },
    viewers: ["*@example.com"],
    operators: ["bob@example.com"],
    admins: ["Ann@example.com"],
  });
  signed = (claims, { audience = "aud", issuer = ISSUER } = {}) =>
    new SignJWT({ sub: "s", ...claims })
      .setProtectedHeader({ alg: "RS256", kid: "k" })
      .setIssuer(issuer)
      .setAudience(audience)
      .setExpirationTime("5m")
      .sign(privateKey);
});

const byToken = async (token: string) =>
  authenticateOpsUser({ authorization: `Bearer ${token}`, accessJwt: null }, { secret: SECRET, access });
const byAccess = async (jwt: string, settings: OpsAccess | undefined = access) =>
  authenticateOpsUser({ authorization: null, accessJwt: jwt }, { secret: SECRET, access: settings });

describe("a token", () => {
  it.each(["viewer", "operator", "admin"] as const)("of role %s names who asks", async (role) => {
    const token = await signOpsToken({ actor: "ann@example.com", role }, SECRET, "1h");
    expect(await byToken(token)).toEqual({
      ok: true,
      user: { actor: "ann@example.com", role },
      expiresAtMs: expect.any(Number),
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
    expect(await authenticate(`Bearer ${token}`, SECRET)).toMatchObject({ ok: false });
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
      expiresAtMs: expect.any(Number),
    });
  });

  it.each([
    [{ email: "eve@example.com.evil" }],
    [{ email: "eve@evil.com" }],
    [{}],
    [{ email: 7 }],
    [{ role: "admin" }],
  ])("does not admit %j", async (claims) => {
    expect(await byAccess(await signed(claims))).toMatchObject({ ok: false, status: 403 });
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
  const roles = ["viewer", "operator", "admin"] as const;
  const may = roles.map((role) => roles.filter((as) => mayAct({ actor: "a", role }, as)));
  expect(may).toEqual([["viewer"], ["viewer", "operator"], ["viewer", "operator", "admin"]]);
});
